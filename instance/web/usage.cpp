// SPDX-License-Identifier: MIT
#include "instance/web/usage.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "lib/core/unique_fd.hpp"

namespace web {

std::optional<Usage> UsageSampler::sample(pid_t pid) {
  char path[32];
  std::snprintf(path, sizeof path, "/proc/%d/stat", pid);
  const core::UniqueFd fd(::open(path, O_RDONLY | O_CLOEXEC));
  char text[1024];
  const ssize_t n = fd ? ::read(fd.get(), text, sizeof text - 1) : -1;
  if (n <= 0) {
    last_.erase(pid);
    return std::nullopt;
  }
  text[n] = '\0';
  // The name in parentheses may hold anything, so count from the last one: state is field 3, utime 14, stime 15, rss 24.
  const char* rest = std::strrchr(text, ')');
  unsigned long long user = 0, system = 0;
  long long pages = 0;
  if (!rest || std::sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d %*d %*d %*u %*u %lld",
                           &user, &system, &pages) != 3)
    return std::nullopt;

  Usage usage{static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)), std::nullopt};
  const Last now{user + system, core::Clock::now()};
  auto& last = last_[pid];
  if (last.when != core::Instant{} && now.ticks >= last.ticks) {
    const double elapsed = std::chrono::duration<double>(now.when - last.when).count();
    const double busy = static_cast<double>(now.ticks - last.ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK));
    if (elapsed > 0) usage.cpuPercent = 100 * busy / elapsed;
  }
  last = now;
  return usage;
}

}  // namespace web
