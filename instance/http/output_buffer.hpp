// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

namespace http {

/// Unsent bytes for a client. Small pieces are joined, large ones are neither copied nor joined.
class OutputBuffer {
 public:
  void append(std::string_view bytes);
  void append(std::string&& bytes);
  /// Sends what the socket takes now. False: the connection is broken.
  [[nodiscard]] bool flush(int fd);

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// A copy of all that is unsent.
  [[nodiscard]] std::string unsent() const;
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

 private:
  void remove(std::size_t bytes) noexcept;

  std::deque<std::string> pieces_;
  std::size_t sent_ = 0;  ///< of the first piece
  std::size_t size_ = 0;
};

}  // namespace http
