// SPDX-License-Identifier: MIT
#include "instance/process/deadlines.hpp"

#include "instance/process/process.hpp"

namespace process {
namespace {
constexpr auto kNowhere = static_cast<std::size_t>(-1);
}

Deadlines::Deadlines(core::EventLoop& loop) : timer_(loop, [this] { fire(); }) {}

void Deadlines::place(std::size_t index, Entry entry) noexcept {
  heap_[index] = entry;
  entry.second->heapIndex_ = index;
}

/// Moves the entry at `index` up or down to where it belongs.
void Deadlines::sift(std::size_t index) noexcept {
  const Entry entry = heap_[index];
  while (index > 0 && entry.first < heap_[(index - 1) / 2].first) {
    place(index, heap_[(index - 1) / 2]);
    index = (index - 1) / 2;
  }
  for (;;) {
    std::size_t child = 2 * index + 1;
    if (child + 1 < heap_.size() && heap_[child + 1].first < heap_[child].first) ++child;
    if (child >= heap_.size() || entry.first <= heap_[child].first) break;
    place(index, heap_[child]);
    index = child;
  }
  place(index, entry);
}

void Deadlines::join() {
  if (programs_ + 1 > heap_.capacity()) heap_.reserve(2 * programs_ + 1);
  ++programs_;
}

void Deadlines::set(Process& program, std::optional<core::Instant> when) noexcept {
  const auto index = program.heapIndex_;
  if (index == kNowhere && !when) return;
  if (index == kNowhere) {
    heap_.emplace_back(*when, &program);
    sift(heap_.size() - 1);
  } else if (when) {
    if (heap_[index].first == *when) return;
    heap_[index].first = *when;
    sift(index);
  } else {
    const Entry last = heap_.back();
    heap_.pop_back();
    program.heapIndex_ = kNowhere;
    if (index < heap_.size()) {
      heap_[index] = last;
      sift(index);
    }
  }
  rearm();
}

void Deadlines::rearm() noexcept {
  if (heap_.empty())
    timer_.disarm();
  else
    timer_.arm(heap_.front().first);
}

void Deadlines::fire() {
  const auto now = core::Clock::now();
  // Each expired program once in a turn: one that has a new deadline that has passed waits for the next turn, so that
  // the loop gets to its other work.
  for (auto round = heap_.size(); round > 0 && !heap_.empty() && heap_.front().first <= now; --round)
    heap_.front().second->due();
  rearm();
}

}  // namespace process
