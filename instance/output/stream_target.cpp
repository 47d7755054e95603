// SPDX-License-Identifier: MIT
#include "instance/output/stream_target.hpp"

#include <limits.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <exception>

namespace output {
namespace {
constexpr std::size_t bufferLimit = 64 * 1024;
}

StreamTarget::StreamTarget(core::EventLoop& loop, core::UniqueFd fd, bool shared)
    : loop_(loop), fd_(std::move(fd)), shared_(shared) {}

/// Writes what the target takes at once. Returns the number of bytes, with error_ set if it broke.
std::size_t StreamTarget::put(std::string_view bytes) noexcept {
  std::size_t done = 0;
  error_ = 0;
  while (done < bytes.size()) {
    auto chunk = bytes.substr(done);
    if (shared_) {
      // Ready for writing means that PIPE_BUF bytes fit: that much never blocks.
      pollfd ready{fd_.get(), POLLOUT, 0};
      if (::poll(&ready, 1, 0) <= 0) break;
      chunk = chunk.substr(0, PIPE_BUF);
    }
    const ssize_t n = ::write(fd_.get(), chunk.data(), chunk.size());
    if (n >= 0) {
      done += static_cast<std::size_t>(n);
    } else if (errno != EINTR) {
      if (errno != EAGAIN) error_ = errno;
      break;
    }
  }
  return done;
}

/// Arms the watch; false if the target cannot be watched.
bool StreamTarget::wait() noexcept {
  try {
    if (!writable_) writable_.emplace(loop_, fd_.get(), core::IoWatch::Write, [this](std::uint32_t) { flush(); });
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

void StreamTarget::flush() noexcept {
  pending_.erase(0, put(pending_));
  if (error_ != 0) {
    lost_ += pending_.size();
    pending_.clear();
  }
  if (!pending_.empty()) return;
  pending_.shrink_to_fit();
  writable_.reset();
}

std::size_t StreamTarget::write(std::string_view bytes) noexcept {
  if (pending_.empty()) bytes.remove_prefix(put(bytes));
  const std::size_t kept =
      error_ != 0 || bytes.empty() || !wait() ? 0 : std::min(bytes.size(), bufferLimit - pending_.size());
  pending_.append(bytes.substr(0, kept));
  if (kept < bytes.size() && error_ == 0) error_ = EAGAIN;
  return std::exchange(lost_, 0) + bytes.size() - kept;
}

}  // namespace output
