// SPDX-License-Identifier: MIT
#include "ctl/deploy/runner.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "lib/core/child.hpp"
#include "lib/core/files.hpp"
#include "lib/core/text.hpp"

namespace deploy {
namespace {

/// The terminal sends its signals to the whole group, the child included.
bool isFromTerminal(const siginfo_t& info) { return info.si_code > 0; }

/// Waits for the child's end. Returns its status as waitpid has it; `received` becomes the last signal that came.
int waitFor(pid_t child, const sigset_t& signals, int& received) {
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    siginfo_t info{};
    const int signal = ::sigwaitinfo(&signals, &info);
    if (signal < 0 || signal == SIGCHLD) continue;
    received = signal;
    if (!isFromTerminal(info)) ::kill(child, signal);
  }
  return status;
}

}  // namespace

HeldSignals::HeldSignals() {
  ::sigemptyset(&held_);
  ::sigaddset(&held_, SIGCHLD);
  for (const int signal : {SIGINT, SIGQUIT, SIGTERM, SIGHUP}) {
    struct sigaction action {};
    // One that is ignored (nohup) stays so; held, it would come nevertheless.
    if (::sigaction(signal, nullptr, &action) == 0 && action.sa_handler != SIG_IGN) ::sigaddset(&held_, signal);
  }
  ::sigprocmask(SIG_BLOCK, &held_, &before_);
}

HeldSignals::~HeldSignals() {
  while (take() != 0) {
  }
  ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

int HeldSignals::take() const noexcept {
  const struct timespec now {};
  sigset_t deadly = held_;
  ::sigdelset(&deadly, SIGCHLD);
  const int signal = ::sigtimedwait(&deadly, nullptr, &now);
  return signal > 0 ? signal : 0;
}

std::string findProgram(const std::string& name) {
  const char* const path = std::getenv("PATH");
  for (const auto& folder : core::split(path ? path : "/usr/local/bin:/usr/bin:/bin", ':')) {
    auto file = (folder.empty() ? "." : folder) + "/" + name;
    if (::access(file.c_str(), X_OK) == 0 && !core::isDirectory(file)) return file;
  }
  return "";
}

core::Expected<int> runProgram(const std::vector<std::string>& arguments, const std::vector<std::string>& environment,
                               const HeldSignals& signals) {
  if (const int signal = signals.take()) return 128 + signal;
  // Not core::spawn(): the child keeps this process's descriptors, such as that of --vaultPasswordFile <(command).
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setsigmask(&attributes, &signals.before());
  sigset_t ignored;
  ::sigemptyset(&ignored);
  ::sigaddset(&ignored, SIGPIPE);
  ::posix_spawnattr_setsigdefault(&attributes, &ignored);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t child = 0;
  const int code = ::posix_spawn(&child, arguments[0].c_str(), nullptr, &attributes,
                                 core::argumentPointers(arguments).data(), core::argumentPointers(environment).data());
  ::posix_spawnattr_destroy(&attributes);
  if (code != 0) return core::sysError("cannot run " + arguments[0], code);
  int received = 0;
  const int status = waitFor(child, signals.held(), received);
  if (received != 0) return 128 + received;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace deploy
