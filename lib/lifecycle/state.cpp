// SPDX-License-Identifier: MIT
#include "lib/lifecycle/state.hpp"

namespace lifecycle {

const char* toText(ProcessState state) noexcept {
  switch (state) {
    case ProcessState::Stopped: return "STOPPED";
    case ProcessState::Starting: return "STARTING";
    case ProcessState::Running: return "RUNNING";
    case ProcessState::Backoff: return "BACKOFF";
    case ProcessState::Stopping: return "STOPPING";
    case ProcessState::Exited: return "EXITED";
    case ProcessState::Fatal: return "FATAL";
    case ProcessState::Unknown: return "UNKNOWN";
  }
  return "UNKNOWN";
}

std::optional<ProcessState> stateFromText(std::string_view text) noexcept {
  for (const ProcessState state : kAllStates)
    if (text == toText(state)) return state;
  return std::nullopt;
}

}  // namespace lifecycle
