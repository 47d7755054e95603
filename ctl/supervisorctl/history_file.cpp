// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/history_file.hpp"

#include <fcntl.h>

#include <cstddef>

#include "lib/core/files.hpp"
#include "lib/core/text.hpp"
#include "lib/core/unique_fd.hpp"

namespace ctl {
namespace {

constexpr std::size_t kKept = 1000;
constexpr std::size_t kLongest = 2 * kKept;  // lines in the file before it is cut
constexpr std::size_t kByteLimit = 16 << 20;
constexpr mode_t kMode = 0600;

}  // namespace

std::vector<std::string> HistoryFile::load() const {
  if (path_.empty()) return {};
  auto content = core::readFile(path_, kByteLimit);
  if (!content) return {};
  std::vector<std::string> lines = core::split(*content, '\n');
  std::erase(lines, "");
  const bool cut = lines.size() > kLongest;
  if (lines.size() > kKept) lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(kKept));
  if (cut) static_cast<void>(core::writeFileAtomically(path_, core::join(lines, "\n") + '\n', kMode));
  return lines;
}

void HistoryFile::append(const std::string& line) const {
  if (path_.empty()) return;
  const core::UniqueFd fd(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, kMode));
  if (fd) static_cast<void>(core::writeAll(fd.get(), line + '\n'));
}

}  // namespace ctl
