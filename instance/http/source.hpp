// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <utility>

namespace http {

/// What a streaming answer is made from. The connection asks for more when there is room, so that a slow client stops
/// its own stream and nobody else's. It is destroyed when the client goes away or the stream ends.
class Source {
 public:
  virtual ~Source() = default;
  /// At most `limit` bytes; empty if there is nothing for now: wake() when there is.
  [[nodiscard]] virtual std::string more(std::size_t limit) = 0;
  /// Nothing will come any more: the answer ends when more() has given the rest.
  [[nodiscard]] virtual bool finished() const { return false; }

  /// There is something new. Cheap, and safe at any time: the connection asks from the next turn of the loop.
  void wake() const {
    if (waker_) waker_();
  }
  /// For the connection.
  void setWaker(std::function<void()> waker) { waker_ = std::move(waker); }

 private:
  std::function<void()> waker_;
};

}  // namespace http
