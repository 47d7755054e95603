// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <utility>

namespace state {
class Outgoing;
struct Stream;
}  // namespace state

namespace http {

/// The source of a streaming answer. The connection pulls more when it has room, so that a slow client delays only its
/// own stream. Destroyed when the client disconnects or the stream ends.
class Source {
 public:
  virtual ~Source() = default;
  /// At most `limit` bytes; empty if there is nothing now: the source calls wake() when there is.
  [[nodiscard]] virtual std::string more(std::size_t limit) = 0;
  /// Whether nothing more will come: the answer ends when more() has returned the rest.
  [[nodiscard]] virtual bool finished() const { return false; }
  /// Describes for a successor where the stream continues. `first` gets what is to be sent before that. False: it ends
  /// with this program, and the client has to ask again.
  [[nodiscard]] virtual bool save(state::Stream& /*saved*/, std::string& /*first*/,
                                  state::Outgoing& /*descriptors*/) const {
    return false;
  }

  /// There is something new. Cheap, and can be called at any time: the connection pulls in the next turn of the loop.
  void wake() const {
    if (waker_) waker_();
  }
  /// For the connection.
  void setWaker(std::function<void()> waker) { waker_ = std::move(waker); }

 private:
  std::function<void()> waker_;
};

}  // namespace http
