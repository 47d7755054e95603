// SPDX-License-Identifier: MIT
// Any text of an application file: it is read, expanded and merged, or refused with a message of one line. The second
// half of the input is a variable's value, so that expressions meet any text.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "ctl/deploy/sources/sources.hpp"
#include "lib/core/files.hpp"

namespace {

/// A file in memory, named through /proc: the loader takes files only.
std::string fileOf(std::string_view text) {
  static const int fd = ::memfd_create("fuzz", 0);
  if (::ftruncate(fd, 0) != 0 || ::lseek(fd, 0, SEEK_SET) != 0 || core::writeAll(fd, text) != 0) std::abort();
  return "/proc/self/fd/" + std::to_string(fd);
}

/// Every place of the sources is after the start of its file, or of none.
void checkPlaces(const deploy::Node& node) {
  if ((node.mark.line == 0) != (node.mark.column == 0)) std::abort();
  for (const auto& item : node.items) checkPlaces(item);
  for (const auto& member : node.members) checkPlaces(member.value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // Without includes: the result must not depend on files of this machine.
  if (text.find("include") != std::string_view::npos || text.find("env") != std::string_view::npos) return 0;
  deploy::Problems problems;
  const auto root = deploy::load({{deploy::Source::Kind::Variable, "half=" + std::string(text.substr(size / 2))},
                                  {deploy::Source::Kind::File, fileOf(text)}},
                                 "deploy", problems);
  checkPlaces(root);
  if (root.find("vars") == nullptr) std::abort();
  for (const auto& problem : problems.all()) {
    const auto line = deploy::toText(problem);
    if (problem.reason.empty() || line.find('\n') != std::string::npos) std::abort();
  }
  return 0;
}
