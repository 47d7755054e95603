// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <ctime>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "instance/output/loss_report.hpp"
#include "instance/output/room_queue.hpp"
#include "lib/core/event_loop.hpp"

namespace output {

class Lane;
class Outlets;

/// Whose bytes they are. Goes on living while some of them wait.
struct Source {
  Source(std::string linePrefix, std::string name) : prefix(std::move(linePrefix)), losses(std::move(name)) {}
  std::string prefix;  ///< in front of each line, where the target takes messages
  LossReport losses;
};

/// The way to one target that may take less than is written: a pipe, a terminal, a socket, the system log. Several
/// lanes share it. What the target does not take now waits here, in order; meanwhile the outlet is full, and those
/// who read programs read no more for it and wait for their turn. So what waits is about one read for each target,
/// however much is to come. While it is full nothing wakes up but the target's readiness.
class Outlet : public std::enable_shared_from_this<Outlet> {
 public:
  explicit Outlet(Outlets& all);
  virtual ~Outlet();
  Outlet(const Outlet&) = delete;
  Outlet& operator=(const Outlet&) = delete;

  /// The target takes no more for now. What is written nevertheless waits behind the rest.
  [[nodiscard]] bool full() const noexcept { return !queue_.empty(); }
  /// Nothing waits and nobody does.
  [[nodiscard]] bool idle() const noexcept { return queue_.empty() && room_.empty(); }
  /// Puts `waiter` in line for when there is room; only for an outlet that is not idle.
  void await(RoomQueue::Waiter& waiter) noexcept { room_.join(waiter); }
  /// Writes at once what the target takes; the rest waits.
  void put(const std::shared_ptr<Source>& source, std::string_view bytes) noexcept;
  /// Whether lines are kept whole, so that those of several lanes do not mix.
  [[nodiscard]] virtual bool keepsLines() const noexcept { return lanes_.size() > 1; }
  /// Takes no more for good: what waits, and what those who wait still have to read, is thrown away. Returns how many
  /// bytes that were.
  std::size_t giveUp() noexcept;

 protected:
  struct Sent {
    std::size_t taken = 0;
    int error = 0;  ///< errno, if the rest can never be sent; without one, less than all means: full
  };
  /// Sends what the target takes now. `when` is the time at which the bytes were written.
  virtual Sent send(Source& source, std::string_view bytes, std::time_t when) noexcept = 0;
  /// Becomes writable when there is room again; -1: there is no telling, try again after a pause.
  [[nodiscard]] virtual int descriptor() const noexcept = 0;
  /// Has to be called before the descriptor is closed: of one that is shared, closing alone would not end the watch.
  void unwatch() noexcept { writable_.reset(); }

 private:
  friend class Lane;
  struct Parcel {
    std::shared_ptr<Source> source;
    std::string bytes;
    std::time_t when;
    std::size_t sent = 0;
  };
  void join(Lane& lane) { lanes_.push_back(&lane); }
  void leave(Lane& lane) noexcept;
  void lineBegan() noexcept;
  void flushOldLines() noexcept;
  void enqueue(const std::shared_ptr<Source>& source, std::string_view bytes, std::time_t when) noexcept;
  void flush() noexcept;
  void wait() noexcept;
  void serve() noexcept;

  Outlets& all_;
  std::deque<Parcel> queue_;
  std::size_t queued_ = 0;  ///< bytes in it
  RoomQueue room_;
  std::vector<Lane*> lanes_;
  std::optional<core::IoWatch> writable_;
  core::Timer retry_;
  core::Timer lines_;             ///< an unfinished line waits at most so long for its end
  std::shared_ptr<Outlet> self_;  ///< while something waits: the lanes may go before it is written
  std::size_t discarded_ = 0;
  bool givenUp_ = false;
};

}  // namespace output
