// SPDX-License-Identifier: MIT
#include "lib/lifecycle/state.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

using lifecycle::ProcessState;

TEST_CASE("every state can be found by its text, which is unique") {
  std::set<std::string> texts;
  for (const ProcessState state : lifecycle::kAllStates) {
    texts.insert(lifecycle::toText(state));
    CHECK(lifecycle::stateFromText(lifecycle::toText(state)) == state);
  }
  CHECK(texts.size() == lifecycle::kAllStates.size());
  CHECK(lifecycle::stateFromText("running") == std::nullopt);
  CHECK(lifecycle::stateFromText("") == std::nullopt);
}

TEST_CASE("every state has a number of its own that leads back to it, and no other number is a state") {
  for (const ProcessState state : lifecycle::kAllStates)
    CHECK(lifecycle::stateFromNumber(static_cast<int>(state)) == state);
  CHECK(lifecycle::stateFromNumber(1) == std::nullopt);
  CHECK(lifecycle::stateFromNumber(65536) == std::nullopt);  // 0, STOPPED, if it were cut to 16 bits
}

TEST_CASE("the sets of states are Supervisor's") {
  for (const ProcessState state : lifecycle::kAllStates) {
    CAPTURE(lifecycle::toText(state));
    // Only STOPPING is neither active nor stopped.
    CHECK(lifecycle::isActive(state) + lifecycle::isStopped(state) == (state == ProcessState::Stopping ? 0 : 1));
  }
  CHECK(lifecycle::isSignallable(ProcessState::Stopping));
  CHECK(!lifecycle::isSignallable(ProcessState::Backoff));
}
