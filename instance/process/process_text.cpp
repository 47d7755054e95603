// SPDX-License-Identifier: MIT
// What people read about a program.
#include "instance/process/process.hpp"

#include <utility>

#include "instance/config/model.hpp"
#include "instance/process/attend.hpp"
#include "instance/process/context.hpp"
#include "instance/process/description.hpp"
#include "instance/process/order.hpp"

namespace process {

using lifecycle::ProcessState;

std::string Process::waitText() const {
  return waits_.start && pid_ == 0 ? context_.order()->waitText(*this) : std::string();
}

std::vector<std::string> Process::waitsFor() const {
  return waits_.start ? context_.order()->missing(*this) : std::vector<std::string>();
}

std::optional<std::string> Process::obstacle() const {
  return waits_.start ? context_.order()->obstacle(*this) : std::nullopt;
}

/// With what its attendants have to say.
std::string Process::remarked(std::string text) const {
  attend([&](const Attendant& one) { one.describe(text); });
  return text;
}

std::string Process::description(core::Instant now) const {
  if (auto waiting = waitText(); !waiting.empty()) return waiting;
  auto text = describe(now);
  if (disabled_) text += text.empty() ? "disabled" : ", disabled";
  return text;
}

std::string Process::describe(core::Instant now) const {
  switch (state()) {
    case ProcessState::Starting:
      return pid_ == 0 || !rules().awaitReady ? "" : remarked(fmt::format("pid {}, not ready", pid_));
    case ProcessState::Running:
      if (isGone())
        return awaitsGroup() ? "has ended, what it left behind is stopped" : "has ended, exec_stop_post runs";
      return remarked(fmt::format(
          "pid {}, uptime {}{}", pid_, uptimeText(uptime(now)),
          protocol_ == nullptr || protocol_->trouble().empty() ? "" : ", " + std::string(protocol_->trouble())));
    case ProcessState::Backoff:
    case ProcessState::Fatal:
      return (spawnError().empty() ? fmt::format("unknown error (try \"tail {}\")", name()) : spawnError()) +
             nextStartText(now);
    case ProcessState::Stopped:
    case ProcessState::Exited: {
      if (startedAt_ == 0) return "Not started";
      // With keys of ours a program may have been stopped for a reason.
      const bool explained = spawnError() == kUnknownEnd || spawnError().starts_with(kMemoryEnd) ||
                             (config_->extension.given() && !spawnError().empty() && state() == ProcessState::Stopped);
      return stopTimeText(stoppedAt_) + (explained ? ", " + spawnError() : "") + nextStartText(now);
    }
    default: return "";
  }
}

bool Process::paced() const noexcept {
  return config_->extension.given() && !(config_->extension->pacing == lifecycle::Pacing());
}

/// "; next start at 14:03:05", of a program with a pacing of its own. A time, and not how long until then: the page
/// shows a text until the state changes.
std::string Process::nextStartText(core::Instant now) const {
  const auto when = paced() ? nextStart() : std::nullopt;
  return when ? "; next start at " + clockText(wallSecondsAt(*when, now)) : "";
}

}  // namespace process
