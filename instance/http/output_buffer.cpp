// SPDX-License-Identifier: MIT
#include "instance/http/output_buffer.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace http {

namespace {
/// A head and a small body leave in one packet. Copying a larger body would cost more than a second system call.
constexpr std::size_t kJoinBelow = 16 * 1024;
}  // namespace

void OutputBuffer::append(std::string_view bytes) {
  if (bytes.empty()) return;
  if (!pieces_.empty() && pieces_.back().size() + bytes.size() <= kJoinBelow)
    pieces_.back().append(bytes);
  else
    pieces_.emplace_back(bytes);
  size_ += bytes.size();
}

void OutputBuffer::append(std::string&& bytes) {
  if (bytes.size() < kJoinBelow) return append(std::string_view(bytes));
  size_ += bytes.size();
  pieces_.push_back(std::move(bytes));
}

bool OutputBuffer::flush(int fd) {
  while (!pieces_.empty()) {
    const std::string& piece = pieces_.front();
    const ssize_t n = ::send(fd, piece.data() + sent_, piece.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    // MSG_NOSIGNAL: a client that has disconnected must not end us with SIGPIPE.
    if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
    sent_ += static_cast<std::size_t>(n);
    size_ -= static_cast<std::size_t>(n);
    if (sent_ < piece.size()) return true;
    pieces_.pop_front();
    sent_ = 0;
  }
  return true;
}

}  // namespace http
