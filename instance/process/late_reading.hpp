// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include "instance/output/room_queue.hpp"
#include "lib/core/event_loop.hpp"

namespace process {

/// Recognises a program that writes small pieces in quick succession, where one wake-up for each piece costs more than
/// the piece itself. Looks at the clock at both ends of a series of pieces, not for each.
class FlowMeter {
 public:
  /// One piece of `bytes` was read. True at the end of a quick series of small ones. `now` is called for the time.
  template <class Now>
  [[nodiscard]] bool add(std::size_t bytes, const Now& now) {
    if (bytes > kSmall) {
      pieces_ = 0;
      return false;
    }
    if (pieces_++ == 0) begun_ = now();
    if (pieces_ < kSeries) return false;
    pieces_ = 0;
    return now() - begun_ < kQuick;
  }

 private:
  static constexpr std::size_t kSmall = 16 * 1024;  ///< larger ones are worth a wake-up
  static constexpr std::uint8_t kSeries = 16;
  static constexpr core::milliseconds kQuick{4};
  core::Instant begun_{};  ///< the first piece of the series
  std::uint8_t pieces_ = 0;
};

/// The channels of programs that write fast. Their pipes are not watched: all of them are read together after a pause,
/// which ends soon enough that the fastest fills about half of its pipe meanwhile, and after 4 ms at the latest. So
/// neither the number of programs nor that of their lines decides how often we wake up. Without such channels there is
/// no pause, and nothing wakes us up.
class LateReading {
 public:
  explicit LateReading(core::EventLoop& loop);

  /// `reader` gets its turn after the pause, and has then to join again. Needs no memory.
  void join(output::RoomQueue::Waiter& reader) noexcept;

  /// The pipe of a channel that reads late, which is enlarged where that saves wake-ups. A pipe takes memory for what
  /// it holds, and the kernel limits that of all pipes of an owner (fs.pipe-user-pages-soft): so only a few are
  /// enlarged at a time, and each only as long as its program writes fast. Goes before the pipe is closed, and before
  /// `all`.
  class Pipe {
   public:
    Pipe(LateReading& all, int fd) noexcept;
    ~Pipe();
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    /// `reader` gets its turn after the pause, and has then to join again.
    void join(output::RoomQueue::Waiter& reader) noexcept { all_.join(reader); }
    /// So many bytes were read in one call: adapts the pause, and may enlarge the pipe if `mayGrow`.
    void took(std::size_t bytes, bool mayGrow) noexcept;

   private:
    bool grow() noexcept;

    LateReading& all_;
    int fd_;
    std::size_t capacity_;
    std::size_t original_;
    bool denied_ = false;  ///< the owner's pipes are at the kernel's limit
  };

  /// The most that is read of a pipe in one call: what an enlarged one holds, so that it is emptied between two lines.
  static constexpr std::size_t kLargePipe = 256 * 1024;
  /// Of a pipe that a predecessor has enlarged, the size that it had before, if it holds no more than that.
  static void shrink(int pipe) noexcept;

 private:
  void turn() noexcept;
  void adaptPause() noexcept;

  core::Timer timer_;
  output::RoomQueue due_;     ///< have their turn in this round
  output::RoomQueue coming_;  ///< have it in the next one
  core::microseconds pause_;
  std::size_t taken_ = 0;  ///< bytes in this turn of the loop
  int fullest_ = 0;        ///< of this round: percentage of its pipe that a program had filled
  int enlarged_ = 0;       ///< pipes
};

}  // namespace process
