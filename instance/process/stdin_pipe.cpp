// SPDX-License-Identifier: MIT
#include "instance/process/stdin_pipe.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace process {
namespace {
constexpr std::size_t kBacklogLimit = 64 * 1024;
constexpr std::size_t kKept = 4 * 1024;  ///< of the room for what waits, for the next message
}  // namespace

/// Writes what the pipe takes; false if its reader is gone.
bool StdinPipe::put() noexcept {
  std::size_t done = 0;
  bool works = true;
  while (done < sendable()) {
    const auto rest = std::string_view(pending_).substr(done, sendable() - done);
    const ssize_t n = writer_ ? (*writer_)(pipe_.get(), rest) : ::write(pipe_.get(), rest.data(), rest.size());
    if (n >= 0) {
      done += static_cast<std::size_t>(n);
    } else if (errno != EINTR) {
      works = errno == EAGAIN;
      break;
    }
  }
  pending_.erase(0, done);
  safe_ -= std::min(safe_, done);
  return works;
}

/// A pipe without a reader reports an error.
bool StdinPipe::readerIsGone() const noexcept {
  pollfd pipe{pipe_.get(), 0, 0};
  return ::poll(&pipe, 1, 0) > 0 && (pipe.revents & POLLERR) != 0;
}

void StdinPipe::sendPending() noexcept {
  safe_ = pending_.size();
  if (!pipe_ || pending_.empty() || writable_->active()) return;
  if (!put() || !pending_.empty())  // also if it is broken: the watch reports that
    writable_->start(pipe_.get(), core::IoWatch::Write);
}

StdinPipe::WriteResult StdinPipe::write(core::EventLoop& loop, std::string_view bytes,
                                        std::function<void()> whenBroken) {
  if (!pipe_) return WriteResult::Closed;
  // One message may be larger than the backlog: it is refused only while others wait before it.
  if (!pending_.empty() && pending_.size() + bytes.size() > kBacklogLimit) return WriteResult::Full;
  if (!writable_) watchWith(loop, std::move(whenBroken));
  pending_.append(bytes);
  if (writable_->active()) return WriteResult::Queued;
  if (writer_ ? readerIsGone() : !put()) {
    pending_ = {};
    pipe_.reset();
    return WriteResult::Closed;
  }
  if (writer_) return WriteResult::Queued;  // until sendPending()
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
  if (works && sendable() > 0) return;
  writable_->stop();
  if (works && !pending_.empty()) return;  // sendPending() follows
  pending_ = {};
  if (works) return;
  pipe_.reset();
  whenBroken();
}

}  // namespace process
