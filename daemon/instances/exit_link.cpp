// SPDX-License-Identifier: MIT
#include "daemon/instances/exit_link.hpp"

#include <fmt/core.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>

namespace instances {
namespace {

/// As many as an instance has programs that can be taken over. The others count as ended with an unknown status.
constexpr std::size_t kMostWaiting = 4096;

}  // namespace

core::Expected<ExitLink::Ends> ExitLink::makeEnds() {
  int ends[2];
  // Messages have bounds, and their number is limited by the memory that they take, not to a few.
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
    return core::sysError("a socket for the ends of programs", errno);
  // Nothing is read here: what the owner could send would wait, with descriptors that may be slow to close.
  (void)::shutdown(ends[0], SHUT_RD);
  return Ends{core::UniqueFd(ends[0]), core::UniqueFd(ends[1])};
}

bool ExitLink::isEnd(int fd) noexcept {
  int type = 0;
  socklen_t size = sizeof type;
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

ExitLink::ExitLink(core::EventLoop& loop, core::UniqueFd ours)
    : ours_(std::move(ours)), watch_(loop, [this](auto) { flush(); }) {}

/// False: there is no room now.
bool ExitLink::send(pid_t pid, int status) {
  const auto message = fmt::format("EXITED={} {}", pid, status);
  if (::send(ours_.get(), message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return true;
  if (errno == EAGAIN) return false;
  ++lost_;  // the instance has shut its end down
  return true;
}

void ExitLink::ended(pid_t pid, int status) {
  if (waiting_.empty() && send(pid, status)) return;
  if (waiting_.size() >= kMostWaiting) {
    ++lost_;
    return;
  }
  waiting_.emplace_back(pid, status);
  // Only as long as something waits: the end of the other side would be reported all the time.
  if (!watch_.active()) watch_.start(ours_.get(), core::IoWatch::Write);
}

void ExitLink::flush() {
  while (!waiting_.empty() && send(waiting_.front().first, waiting_.front().second)) waiting_.pop_front();
  if (waiting_.empty()) watch_.stop();
}

}  // namespace instances
