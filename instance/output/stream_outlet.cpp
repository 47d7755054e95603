// SPDX-License-Identifier: MIT
#include "instance/output/stream_outlet.hpp"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

namespace output {
namespace {

/// As many bytes as surely fit into a terminal that poll() reports as writable, so that a write does not block: one run
/// of plain characters, or one character that the kernel expands to several. After that it may be full.
std::string_view terminalPiece(std::string_view bytes) noexcept {
  constexpr std::size_t longest = 128;  // of the 256 bytes that pseudo terminals count their room in
  const std::size_t run = std::min(bytes.find_first_of("\n\r\t\b"), longest);
  return bytes.substr(0, std::max<std::size_t>(run, 1));
}

}  // namespace

StreamOutlet::StreamOutlet(Outlets& all, Target target)
    : Outlet(all),
      target_(std::move(target)),
      fifo_(target_.keeper.valid()),
      terminal_(S_ISCHR(target_.facts.st_mode) && ::isatty(target_.fd.get()) == 1),
      tryNoWait_(target_.shared && S_ISFIFO(target_.facts.st_mode)) {
  device_ = S_ISCHR(target_.facts.st_mode) && !terminal_;
}

/// What is written in one go: all of it, or as many whole lines as surely fit.
std::string_view StreamOutlet::piece(std::string_view bytes) const noexcept {
  const bool asks = target_.shared && !target_.regular() && !S_ISSOCK(target_.facts.st_mode);
  if (asks && terminal_) return terminalPiece(bytes);
  const std::size_t limit = asks || tight_ ? PIPE_BUF : bytes.size();
  if (bytes.size() <= limit) return bytes;
  const auto end = bytes.rfind('\n', limit - 1);
  return bytes.substr(0, end == std::string_view::npos ? limit : end + 1);
}

ssize_t StreamOutlet::write(std::string_view bytes) noexcept {
  if (!target_.shared || target_.regular()) return ::write(target_.fd.get(), bytes.data(), bytes.size());
  if (S_ISSOCK(target_.facts.st_mode))
    return ::send(target_.fd.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (tryNoWait_) {
    const iovec part{const_cast<char*>(bytes.data()), bytes.size()};
    const ssize_t n = ::pwritev2(target_.fd.get(), &part, 1, -1, RWF_NOWAIT);
    if (n >= 0 || (errno != EOPNOTSUPP && errno != EINVAL && errno != ENOSYS)) return n;
    tryNoWait_ = false;
  }
  return writeWhenReady(bytes);
}

ssize_t StreamOutlet::writeWhenReady(std::string_view bytes) noexcept {
  pollfd ready{target_.fd.get(), POLLOUT, 0};
  if (::poll(&ready, 1, 0) > 0) return ::write(target_.fd.get(), bytes.data(), bytes.size());
  errno = EAGAIN;
  return -1;
}

Outlet::Sent StreamOutlet::send(Source&, std::string_view bytes, std::time_t) noexcept {
  const bool begins = !full();
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto part = piece(bytes.substr(done));
    const ssize_t n = write(part);
    if (n < 0 && (errno == EINTR || (errno == EPIPE && keepForNextReader()))) continue;
    if (n < 0 && errno != EAGAIN) return {done, errno};
    if (n > 0) done += static_cast<std::size_t>(n);
    if (n == static_cast<ssize_t>(part.size())) continue;
    tight_ = true;
    return {done, isRead() ? 0 : EPIPE};
  }
  if (begins) tight_ = false;
  return {done, 0};
}

/// Whether another process reads a full FIFO: only then there will be room. Our own reading end is closed for the check
/// and stays closed, so that we notice when the last reader closes it.
bool StreamOutlet::isRead() noexcept {
  if (!fifo_) return true;
  target_.keeper.reset();
  pollfd state{target_.fd.get(), 0, 0};
  return ::poll(&state, 1, 0) == 0 || (state.revents & POLLERR) == 0 || !keepForNextReader();
}

/// The last reader of a FIFO is gone: what fits is kept for the next one. False if the target is not a FIFO, or has our
/// reading end already.
bool StreamOutlet::keepForNextReader() noexcept {
  if (!fifo_ || target_.keeper) return false;
  char path[32];
  std::snprintf(path, sizeof path, "/proc/self/fd/%d", target_.fd.get());
  target_.keeper.reset(::open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  return target_.keeper.valid();
}

}  // namespace output
