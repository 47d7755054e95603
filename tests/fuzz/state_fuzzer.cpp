// SPDX-License-Identifier: MIT
// Any bytes as a state or a journal: they are read or refused, a refusal is safe on a terminal, and what was read is
// written and read again the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "instance/state/text.hpp"
#include "lib/core/terminal_text.hpp"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

/// What was read has a text; `processes`: of a journal, whose programs may have no process yet.
void check(const core::Expected<state::State>& read, bool isJournal) {
  if (!read) {
    require(!read.error().text.empty() && read.error().text == core::printable(read.error().text));
    return;
  }
  const std::string text = state::encode(*read);
  const auto again = state::decode(text);
  if (!again) return require(isJournal);
  require(state::encode(*again) == text);
}

}  // namespace

/// The input is the text after the first line: most of other inputs would end there.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string text = std::string(state::kFirstLine) + std::string(input);
  check(state::decode(input), false);
  check(state::decode(text), false);
  check(state::replay(text), true);
  return 0;
}
