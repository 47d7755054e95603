// SPDX-License-Identifier: MIT
#include "lib/core/pacer.hpp"

#include <utility>

namespace core {
namespace {

/// Of one turn of the loop.
constexpr auto kMost = milliseconds(5);

}  // namespace

Task<> Pacer::turn() {
  (void)co_await completes<bool>([this](Completion<bool> done) {
    waiting_.push_back(std::move(done));
    if (!timer_.armed()) timer_.arm(Clock::now());
  });
}

void Pacer::letIn() {
  const auto end = Clock::now() + kMost;
  while (!waiting_.empty()) {
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    next(true);
    if (Clock::now() >= end) break;
  }
  if (!waiting_.empty()) timer_.arm(Clock::now());
}

}  // namespace core
