// SPDX-License-Identifier: MIT
#include "lib/core/child.hpp"

#include <signal.h>

namespace core {

std::vector<char*> argumentPointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (const auto& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

void resetSignals() noexcept {
  // What is ignored stays ignored after exec, and programs do not expect that.
  struct sigaction plain {};
  plain.sa_handler = SIG_DFL;
  for (int signo = 1; signo < NSIG; ++signo)
    if (signo != SIGKILL && signo != SIGSTOP) ::sigaction(signo, &plain, nullptr);
}

}  // namespace core
