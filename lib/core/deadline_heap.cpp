// SPDX-License-Identifier: MIT
#include "lib/core/deadline_heap.hpp"

#include <algorithm>

namespace core::detail {
namespace {

/// The order numbers wrap around: what counts is their distance.
bool isBefore(const WatchState& a, const WatchState& b) noexcept {
  if (a.deadline != b.deadline) return a.deadline < b.deadline;
  return static_cast<std::int32_t>(a.order - b.order) < 0;
}

}  // namespace

void DeadlineHeap::makeRoom(std::size_t count) {
  constexpr std::size_t least = 32;
  if (count > heap_.capacity()) heap_.reserve(std::max(least, count + count / 2));
}

void DeadlineHeap::put(WatchState& state) noexcept {
  remove(state);
  heap_.push_back(&state);  // there is room
  rise(heap_.size() - 1, &state);
}

void DeadlineHeap::remove(WatchState& state) noexcept {
  if (state.place == WatchState::kNowhere) return;
  const std::size_t place = state.place;
  state.place = WatchState::kNowhere;
  auto* const last = heap_.back();
  heap_.pop_back();
  if (last == &state) return;
  if (place > 0 && isBefore(*last, *heap_[(place - 1) / 2]))
    rise(place, last);
  else
    sink(place, last);
}

void DeadlineHeap::set(std::size_t place, WatchState* state) noexcept {
  heap_[place] = state;
  state->place = static_cast<std::uint32_t>(place);
}

void DeadlineHeap::rise(std::size_t place, WatchState* state) noexcept {
  while (place > 0) {
    const std::size_t parent = (place - 1) / 2;
    if (!isBefore(*state, *heap_[parent])) break;
    set(place, heap_[parent]);
    place = parent;
  }
  set(place, state);
}

void DeadlineHeap::sink(std::size_t place, WatchState* state) noexcept {
  for (;;) {
    std::size_t child = 2 * place + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && isBefore(*heap_[child + 1], *heap_[child])) ++child;
    if (!isBefore(*heap_[child], *state)) break;
    set(place, heap_[child]);
    place = child;
  }
  set(place, state);
}

}  // namespace core::detail
