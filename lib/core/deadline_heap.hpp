// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <vector>

#include "lib/core/watch_state.hpp"

namespace core::detail {

/// The watches that wait for a deadline, the earliest first: a binary heap, in which each watch knows its place.
/// Nothing takes memory but makeRoom().
class DeadlineHeap {
 public:
  /// Makes room for so many watches. Throws std::bad_alloc.
  void makeRoom(std::size_t count);
  /// Null if nothing waits.
  [[nodiscard]] WatchState* first() const noexcept { return heap_.empty() ? nullptr : heap_.front(); }
  /// Adds or moves `state`, whose deadline and order are set.
  void put(WatchState& state) noexcept;
  void remove(WatchState& state) noexcept;

 private:
  void set(std::size_t place, WatchState* state) noexcept;
  void rise(std::size_t place, WatchState* state) noexcept;
  void sink(std::size_t place, WatchState* state) noexcept;

  std::vector<WatchState*> heap_;
};

}  // namespace core::detail
