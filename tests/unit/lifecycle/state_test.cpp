// SPDX-License-Identifier: MIT
#include "lib/lifecycle/state.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

using lifecycle::State;

TEST_CASE("every state has a text of its own that leads back to it") {
  std::set<std::string> texts;
  for (const State state : lifecycle::kAllStates) {
    texts.insert(lifecycle::toText(state));
    CHECK(lifecycle::stateFromText(lifecycle::toText(state)) == state);
  }
  CHECK(texts.size() == lifecycle::kAllStates.size());
  CHECK(lifecycle::stateFromText("running") == std::nullopt);
  CHECK(lifecycle::stateFromText("") == std::nullopt);
}

TEST_CASE("the sets of states are Supervisor's") {
  for (const State state : lifecycle::kAllStates) {
    CAPTURE(lifecycle::toText(state));
    // STOPPING alone is neither active nor stopped.
    CHECK(lifecycle::isActive(state) + lifecycle::isStopped(state) == (state == State::Stopping ? 0 : 1));
  }
  CHECK(lifecycle::isSignallable(State::Stopping));
  CHECK(!lifecycle::isSignallable(State::Backoff));
}
