// SPDX-License-Identifier: MIT
#include "instance/http/output_buffer.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <utility>

namespace http {

namespace {
/// A head and a small body leave in one packet. Copying a larger body would cost more than a second system call.
constexpr std::size_t kJoinBelow = 16 * 1024;
/// Pieces in one system call: head and body, and some of the next answers.
constexpr std::size_t kAtOnce = 8;
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
    // Several pieces in one call: otherwise the head of a large answer would wake the client before the body is there.
    std::array<iovec, kAtOnce> parts;
    std::size_t count = 0;
    std::size_t wanted = 0;
    for (std::string& piece : pieces_) {
      if (count == parts.size()) break;
      const std::size_t skipped = count == 0 ? sent_ : 0;
      parts[count] = {piece.data() + skipped, piece.size() - skipped};
      wanted += parts[count++].iov_len;
    }
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = count;
    const ssize_t n = ::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    // MSG_NOSIGNAL: a client that has disconnected must not end us with SIGPIPE.
    if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
    remove(static_cast<std::size_t>(n));
    if (static_cast<std::size_t>(n) < wanted) return true;
  }
  return true;
}

std::string OutputBuffer::unsent() const {
  std::string bytes;
  bytes.reserve(size_);
  for (const auto& piece : pieces_) bytes.append(piece, bytes.empty() ? sent_ : 0);
  return bytes;
}

/// Removes what has been sent.
void OutputBuffer::remove(std::size_t bytes) noexcept {
  size_ -= bytes;
  sent_ += bytes;
  while (!pieces_.empty() && sent_ >= pieces_.front().size()) {
    sent_ -= pieces_.front().size();
    pieces_.pop_front();
  }
}

}  // namespace http
