// SPDX-License-Identifier: MIT
#include "instance/process/foreign.hpp"

#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "lib/core/log.hpp"
#include "lib/core/proc_files.hpp"
#include "lib/core/process_groups.hpp"
#include "lib/core/text.hpp"

namespace process {
namespace {

/// Whether one of the four uids of the process is `owner`: a program may have changed the others itself.
bool belongsTo(pid_t pid, uid_t owner) {
  std::array<char, 4096> buffer;
  const auto status = core::proc::read(pid, "status", buffer.data(), buffer.size());
  auto uids = core::proc::field(status, "\nUid:");
  while (!uids.empty()) {
    const auto at = uids.find_first_of("0123456789");
    if (at == std::string_view::npos) break;
    uids.remove_prefix(at);
    if (core::proc::number<uid_t>(uids) == owner) return true;
    uids.remove_prefix(std::min(uids.size(), uids.find_first_not_of("0123456789")));
  }
  return false;
}

struct Exit {
  pid_t pid;
  int status;
};

std::optional<Exit> parseExit(std::string_view message) {
  constexpr std::string_view kKey = "EXITED=";
  if (!message.starts_with(kKey)) return std::nullopt;
  message.remove_prefix(kKey.size());
  const auto blank = message.find(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  const auto pid = core::parseInteger(message.substr(0, blank));
  const auto status = core::parseInteger(message.substr(blank + 1));
  if (!pid || !status || *pid <= 1 || *pid > INT32_MAX || *status < 0 || *status > 0xffff) return std::nullopt;
  const int waitStatus = static_cast<int>(*status);
  if (!WIFEXITED(waitStatus) && !WIFSIGNALED(waitStatus)) return std::nullopt;
  return Exit{static_cast<pid_t>(*pid), waitStatus};
}

}  // namespace

std::uint64_t ticksSinceBoot() noexcept {
  static const long kPerSecond = ::sysconf(_SC_CLK_TCK);
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec * kPerSecond + now.tv_nsec / (1'000'000'000 / kPerSecond));
}

bool isOurChild(pid_t pid) noexcept {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

core::Expected<core::UniqueFd> openProcess(const Identity& process) {
  core::UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0)));
  if (!fd) return core::sysError("pidfd_open", errno);
  const auto started = core::proc::startTimeOf(process.pid);
  const bool owned = belongsTo(process.pid, process.owner);
  // These files belong to a pid, which could have been reused. If the process of the descriptor still runs, it was not.
  // A tick more at both ends: the kernel and we divide the same clock by different steps.
  const bool same = started + 1 >= process.startedAfter && started <= process.startedBefore + 1;
  if (core::hasEnded(fd.get()) || !same) return core::Err{core::Error{"it has ended", ESRCH}};
  if (!owned) return core::Err{core::Error{"it belongs to another account", EPERM}};
  return fd;
}

Foreign::Foreign(core::EventLoop& loop, pid_t pid, core::UniqueFd pidfd, core::Duration patience,
                 std::function<void()> unknown)
    : pidfd_(std::move(pidfd)),
      pid_(pid),
      patience_(patience),
      end_(loop, [this](std::uint32_t) { ended(); }),
      unknown_(loop, std::move(unknown)) {
  if (pidfd_) {
    session_ = std::max(0, ::getsid(pid));
    end_.start(pidfd_.get(), core::IoWatch::Read);
  } else {
    ended();
  }
}

void Foreign::ended() noexcept {
  end_.stop();
  unknown_.armIn(patience_);
}

int Foreign::signal(int signo, bool toGroup) const noexcept {
  if (!pidfd_ || core::hasEnded(pidfd_.get())) return ESRCH;
  const long sent = toGroup ? ::kill(-pid_, signo) : ::syscall(SYS_pidfd_send_signal, pidfd_.get(), signo, nullptr, 0);
  return sent == 0 ? 0 : errno;
}

Exits::Exits(core::EventLoop& loop, core::UniqueFd socket, Hooks hooks)
    : socket_(std::move(socket)),
      watch_(loop,
             [this](std::uint32_t ready) {
               read();
               if ((ready & core::IoWatch::Hangup) != 0) close();  // a datagram socket reports no end of the stream
             }),
      hooks_(std::move(hooks)) {
  watch_.start(socket_.get(), core::IoWatch::Read);
}

void Exits::close() noexcept {
  watch_.stop();
  socket_.reset();
}

void Exits::read() {
  std::array<char, 128> buffer;
  while (socket_) {
    hooks_.beforeEach();
    const ssize_t n = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) return close();  // the manager is gone
    const auto size = static_cast<std::size_t>(n);
    const auto exit = size <= buffer.size() ? parseExit({buffer.data(), size}) : std::optional<Exit>();
    if (exit)
      hooks_.onExit(exit->pid, exit->status);
    else
      logging::error("the manager sent something else than the end of a process; it is ignored");
    hooks_.handled();
    if (socket_) (void)::recv(socket_.get(), nullptr, 0, MSG_DONTWAIT | MSG_TRUNC);
  }
}

}  // namespace process
