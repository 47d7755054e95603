// SPDX-License-Identifier: MIT
// Any text of a configuration file: it is read, expanded and validated, or refused, without undefined behaviour.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "instance/config/load.hpp"
#include "lib/core/files.hpp"
#include "lib/core/ini.hpp"
#include "lib/core/shell_words.hpp"

namespace {

/// A file in memory, named through /proc: the loader takes files only.
std::string fileOf(std::string_view text) {
  static const int fd = ::memfd_create("fuzz", 0);
  if (::ftruncate(fd, 0) != 0 || ::lseek(fd, 0, SEEK_SET) != 0 || core::writeAll(fd, text) != 0) std::abort();
  return "/proc/self/fd/" + std::to_string(fd);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // Without includes: the result must not depend on files of this machine.
  if (text.find("include") != std::string_view::npos || text.find("numprocs") != std::string_view::npos) return 0;
  (void)core::splitWords(text);
  (void)core::parseKeyValues(text);
  const auto document = core::IniDocument::parse(text, "fuzz");
  if (!document) return 0;
  config::CommandLine line;
  line.file = fileOf(text);
  line.fileAsTyped = "fuzz";
  line.startDirectory = "/";
  const auto loaded = config::load(line);
  if (!loaded && loaded.error().text.empty()) std::abort();
  return 0;
}
