// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "lib/core/clock.hpp"
#include "lib/core/event_loop.hpp"

namespace process {

class Process;

/// The deadlines of all programs, as a heap under one timer: a timer for each of a thousand programs would be a
/// thousand event sources. Each program knows its index in the heap. Room is made when a program joins, so that a
/// deadline is never lost for lack of memory.
class Deadlines {
 public:
  explicit Deadlines(core::EventLoop& loop);
  /// Makes room for one more program.
  void join();
  /// A program is gone; its deadline was removed before.
  void leave() noexcept { --programs_; }
  /// Sets, moves or (nullopt) removes the deadline of `program`.
  void set(Process& program, std::optional<core::Instant> when) noexcept;

 private:
  using Entry = std::pair<core::Instant, Process*>;
  void place(std::size_t index, Entry entry) noexcept;
  void sift(std::size_t index) noexcept;
  void fire();
  void rearm() noexcept;

  std::vector<Entry> heap_;
  std::size_t programs_ = 0;
  core::Timer timer_;
};

}  // namespace process
