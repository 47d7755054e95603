// SPDX-License-Identifier: MIT
// Any text of a drop-in: an edit changes its key and nothing else, and the reader returns the new value.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "daemon/entries/drop_in.hpp"
#include "tests/support/drop_in_property.hpp"

namespace {

void require(const std::string& wrong) {
  if (wrong.empty()) return;
  std::fprintf(stderr, "%s\n", wrong.c_str());
  std::abort();
}

}  // namespace

/// The first line is the edit of [supervisor:s], "KEY VALUE"; the rest is the file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const auto end = input.find('\n');
  if (end == std::string::npos) return 0;
  const auto text = input.substr(end + 1);
  const auto edit = input.substr(0, end);
  const auto blank = edit.find(' ');
  // Like the manager: only attributes are edited, with values that fit on a line.
  const std::string key = edit.starts_with('g') ? "group" : "user";
  const auto value = blank == std::string::npos ? std::string() : edit.substr(blank + 1);
  require(drop_in_property::afterCreation("s", key, value));
  require(drop_in_property::afterEdit(text, "supervisor:s", key, std::nullopt));
  require(drop_in_property::afterEdit(text, "supervisor:s", key, entries::isPlainValue(value) ? value : "plain"));
  require(drop_in_property::afterRemoval(text, "supervisor:s"));
  return 0;
}
