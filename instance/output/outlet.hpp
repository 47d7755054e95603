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
#include "instance/state/state.hpp"
#include "lib/core/event_loop.hpp"

namespace output {

class Lane;
class Outlets;
using Lanes = std::vector<const Lane*>;

/// The writer that bytes belong to. Lives as long as some of them wait.
struct Source {
  Source(std::string linePrefix, std::string name) : prefix(std::move(linePrefix)), losses(std::move(name)) {}
  std::string prefix;  ///< in front of each line, where the target takes messages
  LossReport losses;
};

/// One target that may take less than is written: a pipe, a terminal, a socket, the system log. Several lanes share it.
/// What the target does not take now is queued here, in order. Meanwhile the outlet is full, and the channels that read
/// programs stop reading and wait for their turn. So about one read is queued for each target, however much follows.
/// While it is full, only the readiness of the target wakes us up.
class Outlet : public std::enable_shared_from_this<Outlet> {
 public:
  explicit Outlet(Outlets& all);
  virtual ~Outlet();
  Outlet(const Outlet&) = delete;
  Outlet& operator=(const Outlet&) = delete;

  /// The target takes no more for now. What is written nevertheless is queued after the rest.
  [[nodiscard]] bool full() const noexcept { return !queue_.empty(); }
  /// No bytes and no writers wait.
  [[nodiscard]] bool idle() const noexcept { return queue_.empty() && room_.empty(); }
  /// Puts `waiter` in line for when there is room; only for an outlet that is not idle.
  void await(RoomQueue::Waiter& waiter) noexcept { room_.join(waiter); }
  /// Writes what the target takes now; the rest is queued.
  void put(const std::shared_ptr<Source>& source, std::string_view bytes) noexcept;
  /// Whether lines are kept whole, so that those of several lanes do not mix.
  [[nodiscard]] virtual bool keepsLines() const noexcept { return lanes_.size() > 1; }
  /// Stops writing permanently: what is queued, and what waiting channels still have to read, is discarded. Returns the
  /// number of bytes.
  std::size_t giveUp() noexcept;

  /// The path that leads to the target; empty: the system log.
  [[nodiscard]] virtual std::string path() const { return {}; }
  /// A descriptor that keeps what is in the target while nobody has it open; -1: it needs none.
  [[nodiscard]] virtual int keeper() const noexcept { return -1; }
  /// Adds what is queued, and what lanes hold that are not in `owned` (sorted): their owners save those.
  void save(std::vector<state::Unsent>& unsent, const Lanes& owned) const;
  /// Queues what a predecessor could not send.
  void restore(const state::Unsent& unsent);

 protected:
  struct Sent {
    std::size_t taken = 0;
    int error = 0;  ///< errno, if the rest can never be sent; without one, less than all means: full
  };
  /// Sends what the target takes now. `when` is the time at which the bytes were written.
  virtual Sent send(Source& source, std::string_view bytes, std::time_t when) noexcept = 0;
  /// The descriptor that becomes writable when there is room again; -1: there is none, try again after a pause.
  [[nodiscard]] virtual int descriptor() const noexcept = 0;
  /// To be called before the descriptor is closed: if it is shared, closing it would not end the watch.
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
