// SPDX-License-Identifier: MIT
#include "instance/process/stdin_pipe.hpp"

#include <cerrno>

namespace process {
namespace {
constexpr std::size_t kBacklogLimit = 64 * 1024;
constexpr std::size_t kKept = 4 * 1024;  ///< of the room for what waits, for the next message
}  // namespace

/// Writes what the pipe takes; false if its reader is gone.
bool StdinPipe::put() noexcept {
  std::size_t done = 0;
  while (done < pending_.size()) {
    const ssize_t n = ::write(pipe_.get(), pending_.data() + done, pending_.size() - done);
    if (n >= 0) {
      done += static_cast<std::size_t>(n);
    } else if (errno != EINTR) {
      if (errno == EAGAIN) break;
      return false;
    }
  }
  pending_.erase(0, done);
  return true;
}

StdinPipe::WriteResult StdinPipe::write(core::EventLoop& loop, std::string_view bytes,
                                        std::function<void()> whenBroken) {
  if (!pipe_) return WriteResult::Closed;
  // One message may be larger than the backlog: it is refused only while others wait before it.
  if (!pending_.empty() && pending_.size() + bytes.size() > kBacklogLimit) return WriteResult::Full;
  if (!writable_) watchWith(loop, std::move(whenBroken));
  pending_.append(bytes);
  if (writable_->active()) return WriteResult::Queued;
  if (!put()) {
    pipe_.reset();
    return WriteResult::Closed;
  }
  if (!pending_.empty())
    writable_->start(pipe_.get(), core::IoWatch::Write);
  else if (pending_.capacity() > kKept)
    pending_ = {};
  return WriteResult::Queued;
}

void StdinPipe::watchWith(core::EventLoop& loop, std::function<void()> whenBroken) {
  writable_.emplace(loop, [this, broken = std::move(whenBroken)](std::uint32_t) { flush(broken); });
}

void StdinPipe::restore(core::EventLoop& loop, core::UniqueFd pipe, std::string pending,
                        std::function<void()> whenBroken) {
  pipe_ = std::move(pipe);
  pending_ = std::move(pending);
  if (pending_.empty()) return;
  watchWith(loop, std::move(whenBroken));
  writable_->start(pipe_.get(), core::IoWatch::Write);
}

void StdinPipe::flush(const std::function<void()>& whenBroken) {
  const bool works = put();
  if (works && !pending_.empty()) return;
  writable_->stop();
  pending_ = {};
  if (works) return;
  pipe_.reset();
  whenBroken();
}

}  // namespace process
