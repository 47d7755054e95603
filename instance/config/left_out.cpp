// SPDX-License-Identifier: MIT
#include "instance/config/left_out.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <string_view>

#include "lib/core/text.hpp"
#include "lib/core/unique_fd.hpp"

namespace config {
namespace {

/// Limits: directory entries that are checked, and files that are reported.
constexpr std::size_t kMostSeen = 1000, kMostTold = 5;
constexpr off_t kLargest = 1024 * 1024;

/// Whether the name is that of a disabled file, a backup, or a file of a tool.
bool isPutAside(std::string_view name) {
  constexpr std::array<std::string_view, 16> ends{"~",    ".disabled", ".disable", ".off",    ".bak",     ".backup",
                                                  ".old", ".orig",     ".save",    ".sample", ".example", ".dist",
                                                  ".swp", ".tmp",      ".rpmnew",  ".rpmsave"};
  return name.starts_with('.') || name.starts_with('#') || name.find(".dpkg-") != name.npos ||
         std::any_of(ends.begin(), ends.end(), [name](auto end) { return name.ends_with(end); });
}

bool beginsProgram(std::string_view line) {
  constexpr std::array<std::string_view, 4> sections{"[program:", "[group:", "[fcgi-program:", "[eventlistener:"};
  return std::any_of(sections.begin(), sections.end(), [line](auto begin) { return line.starts_with(begin); });
}

/// Whether the file has a section of a program. Pipes and devices are not read.
bool holdsPrograms(const std::string& path) {
  const core::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat facts {};
  if (!file || ::fstat(file.get(), &facts) != 0 || !S_ISREG(facts.st_mode) || facts.st_size > kLargest) return false;
  std::string text(static_cast<std::size_t>(facts.st_size), '\0');
  const auto n = ::read(file.get(), text.data(), text.size());
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  const auto lines = core::split(text, '\n');
  return std::any_of(lines.begin(), lines.end(), [](const std::string& line) { return beginsProgram(line); });
}

std::vector<std::string> namesIn(const std::string& directory) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(directory.c_str()), &::closedir);
  while (const dirent* entry = open && names.size() < kMostSeen ? ::readdir(open.get()) : nullptr)
    if (entry->d_type != DT_DIR && !isPutAside(entry->d_name)) names.emplace_back(entry->d_name);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

void noteLeftOut(const std::vector<std::string>& patterns, const std::vector<std::string>& read,
                 std::vector<Message>& messages) {
  const std::set<std::string> taken(read.begin(), read.end());
  std::set<std::string> seen;
  std::size_t told = 0;
  for (const auto& pattern : patterns) {
    const auto slash = pattern.rfind('/');
    const auto directory = pattern.substr(0, slash + 1), name = pattern.substr(slash + 1);
    if (directory.find_first_of("*?[") != directory.npos || name.find_first_of("*?[") == name.npos) continue;
    if (!seen.insert(directory).second) continue;
    for (const auto& one : namesIn(directory)) {
      if (taken.count(directory + one) || !holdsPrograms(directory + one)) continue;
      if (told++ == kMostTold) {
        messages.push_back({logging::Level::Warn, "More files with programs in the directory of " + directory + one +
                                                      " are not read: their names match no pattern of [include]"});
        return;
      }
      messages.push_back({logging::Level::Warn, "File with programs is not read: the name of " + directory + one +
                                                    " does not match \"" + pattern + "\" of [include]"});
    }
  }
}

}  // namespace config
