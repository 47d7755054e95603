// SPDX-License-Identifier: MIT
#include "lib/core/proc_files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>

#include "lib/core/text.hpp"
#include "lib/core/unique_fd.hpp"

namespace core::proc {
namespace {

std::uint64_t cpuMicros(pid_t pid) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return 0;
  return static_cast<std::uint64_t>(time.tv_sec) * 1000000 + static_cast<std::uint64_t>(time.tv_nsec) / 1000;
}

}  // namespace

std::vector<pid_t> allPids() {
  std::vector<pid_t> pids;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir("/proc"), ::closedir);
  while (const dirent* entry = directory ? ::readdir(directory.get()) : nullptr)
    if (const auto pid = parseInteger(entry->d_name)) pids.push_back(static_cast<pid_t>(*pid));
  return pids;
}

std::string_view read(pid_t pid, const char* file, char* buffer, std::size_t size) noexcept {
  char path[48];
  char* end = std::copy_n("/proc/", 6, path);
  end = pid == kSelf ? std::copy_n("self", 4, end) : std::to_chars(end, path + 24, pid).ptr;
  *end++ = '/';
  *std::copy_n(file, std::char_traits<char>::length(file), end) = '\0';
  const UniqueFd fd(::open(path, O_RDONLY | O_CLOEXEC));
  const auto n = fd ? ::read(fd.get(), buffer, size) : -1;
  return n > 0 ? std::string_view(buffer, static_cast<std::size_t>(n)) : std::string_view();
}

std::string_view field(std::string_view status, std::string_view key) {
  const auto at = status.find(key);
  if (at == std::string_view::npos) return {};
  auto value = status.substr(at + key.size());
  value = value.substr(0, value.find('\n'));
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  return value;
}

std::uint64_t startTimeIn(std::string_view stat) noexcept {
  // Field 2 is the name of the program in parentheses. A program chooses its name, which may contain blanks and
  // parentheses, so the fields are counted from the last one.
  const auto name = stat.rfind(')');
  if (name == std::string_view::npos) return 0;
  stat.remove_prefix(name);
  for (int field = 2; field < 22; ++field) {
    const auto blank = stat.find(' ');
    if (blank == std::string_view::npos) return 0;
    stat.remove_prefix(blank + 1);
  }
  return number<std::uint64_t>(stat);
}

std::uint64_t startTimeOf(pid_t pid) noexcept {
  char buffer[1024];  // the first 22 fields are shorter than 500 bytes
  return startTimeIn(read(pid, "stat", buffer, sizeof buffer));
}

std::optional<Usage> usageOf(pid_t pid) {
  char buffer[128];
  const auto text = read(pid, "statm", buffer, sizeof buffer);  // sizes in pages: all, resident, …
  const auto blank = text.find(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  const auto pages = number<std::uint64_t>(text.substr(blank + 1));
  return Usage{pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)), cpuMicros(pid)};
}

}  // namespace core::proc
