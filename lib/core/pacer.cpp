// SPDX-License-Identifier: MIT
#include "lib/core/pacer.hpp"

#include <utility>

namespace core {
namespace {

/// Of one turn of the loop.
constexpr auto kMost = milliseconds(5);

}  // namespace

Task<> Pacer::turn(Step step) {
  (void)co_await completes<bool>([this, step](Completion<bool> done) {
    (step == Step::First ? first_ : last_).push_back(std::move(done));
    if (!timer_.armed()) timer_.arm(Clock::now());
  });
}

void Pacer::letIn() {
  const auto end = Clock::now() + kMost;
  while (!first_.empty() || !last_.empty()) {
    auto& queue = last_.empty() ? first_ : last_;
    auto next = std::move(queue.front());
    queue.pop_front();
    next(true);
    if (Clock::now() >= end) break;
  }
  if (!first_.empty() || !last_.empty()) timer_.arm(Clock::now());
}

}  // namespace core
