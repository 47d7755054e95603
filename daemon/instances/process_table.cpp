// SPDX-License-Identifier: MIT
#include "daemon/instances/process_table.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "lib/core/proc_files.hpp"
#include "lib/core/text.hpp"

namespace instances {
namespace {

/// Processes whose usage one call reads: any account may ask, and may have thousands of them.
constexpr std::size_t kMostCounted = 1000;

}  // namespace

std::optional<ProcessInfo> lookAt(pid_t pid) {
  char buffer[4096];
  const auto status = core::proc::read(pid, "status", buffer, sizeof buffer);
  using core::proc::field, core::proc::number;
  const auto uid = field(status, "\nUid:"), state = field(status, "\nState:");
  if (uid.empty() || state.empty()) return std::nullopt;
  // A list, one for each nested pid namespace; the first is that of this /proc.
  return ProcessInfo{pid,
                     number<pid_t>(field(status, "\nPPid:")),
                     number<pid_t>(field(status, "\nNSpgid:")),
                     number<pid_t>(field(status, "\nNSsid:")),
                     number<uid_t>(uid),
                     state.front() == 'Z' || state.front() == 'X'};
}

std::vector<ProcessInfo> allProcesses(const MainProcesses& mains) {
  std::vector<ProcessInfo> out;
  const auto self = ::getpid();
  for (const auto pid : core::proc::allPids()) {
    const auto main = mains.find(pid);
    if (main != mains.end() && main->second.child)
      out.push_back({pid, self, pid, pid, main->second.uid, false});
    else if (const auto info = lookAt(pid))
      out.push_back(*info);
  }
  return out;
}

std::string nameOf(pid_t pid) {
  char buffer[4096];
  return std::string(core::proc::field(core::proc::read(pid, "status", buffer, sizeof buffer), "Name:"));
}

std::string controlGroupOf(pid_t pid) {
  char buffer[4096];
  const auto text = core::proc::read(pid, "cgroup", buffer, sizeof buffer);
  for (const auto& line : core::split(std::string(text), '\n'))
    if (line.starts_with("0::")) return line.substr(3);
  return {};
}

Usage usageOf(const std::vector<pid_t>& pids) {
  std::uint64_t bytes = 0, micros = 0;
  for (std::size_t i = 0; i < pids.size() && i < kMostCounted; ++i) {
    const auto one = core::proc::usageOf(pids[i]).value_or(core::proc::Usage{});
    bytes += one.memory;
    micros += one.cpuMicros;
  }
  return {bytes, micros};
}

const std::string& bootId() {
  static const std::string kId = [] {
    char buffer[64];
    const core::UniqueFd fd(::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
    const auto n = fd ? ::read(fd.get(), buffer, sizeof buffer) : -1;
    return n > 0 ? std::string(core::trim(std::string_view(buffer, static_cast<std::size_t>(n)))) : "unknown";
  }();
  return kId;
}

core::UniqueFd openPidfd(pid_t pid) noexcept {
  return core::UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));  // always close-on-exec
}

int signalTo(const core::UniqueFd& pidfd, int signo) noexcept {
  if (!pidfd) return ESRCH;
  return ::syscall(SYS_pidfd_send_signal, pidfd.get(), signo, nullptr, 0) == 0 ? 0 : errno;
}

}  // namespace instances
