// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "lib/core/clock.hpp"
#include "lib/core/event_loop.hpp"

namespace process {

class Process;

/// The deadlines of all programs under one timer: a heap that knows where each program stands in it. Programs without
/// a deadline cost nothing.
class Deadlines {
 public:
  explicit Deadlines(core::EventLoop& loop);
  /// Sets, moves or (nullopt) takes out the deadline of `program`.
  void set(Process& program, std::optional<core::Instant> when);

 private:
  using Entry = std::pair<core::Instant, Process*>;
  void place(std::size_t index, Entry entry) noexcept;
  void sift(std::size_t index) noexcept;
  void fire();
  void rearm();

  std::vector<Entry> heap_;
  core::Timer timer_;
};

}  // namespace process
