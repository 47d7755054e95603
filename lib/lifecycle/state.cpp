// SPDX-License-Identifier: MIT
#include "lib/lifecycle/state.hpp"

namespace lifecycle {

const char* toText(State state) noexcept {
  switch (state) {
    case State::Stopped: return "STOPPED";
    case State::Starting: return "STARTING";
    case State::Running: return "RUNNING";
    case State::Backoff: return "BACKOFF";
    case State::Stopping: return "STOPPING";
    case State::Exited: return "EXITED";
    case State::Fatal: return "FATAL";
    case State::Unknown: return "UNKNOWN";
  }
  return "UNKNOWN";
}

std::optional<State> stateFromText(std::string_view text) noexcept {
  for (const State state : kAllStates)
    if (text == toText(state)) return state;
  return std::nullopt;
}

}  // namespace lifecycle
