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
      if (machine_.preparing()) return "exec_start_pre runs";
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
             idleText(now);
    case ProcessState::Stopped:
    case ProcessState::Exited: {
      if (startedAt_ == 0) return "Not started" + idleText(now);
      // With keys of ours a program may have been stopped for a reason.
      const bool explained = spawnError() == kUnknownEnd || spawnError().starts_with(kMemoryEnd) ||
                             (config_->extension.given() && !spawnError().empty() && state() == ProcessState::Stopped);
      return stopTimeText(stoppedAt_) + (explained ? ", " + spawnError() : "") + idleText(now);
    }
    default: return "";
  }
}

bool Process::paced() const noexcept {
  return config_->extension.given() && !(config_->extension->pacing == lifecycle::Pacing());
}

std::int64_t Process::nextStart(core::Instant now) const noexcept {
  std::int64_t next = 0;
  const auto consider = [&](std::int64_t when) {
    if (when > 0 && (next == 0 || when < next)) next = when;
  };
  if (const auto due = machine_.nextStart(rules())) consider(wallSecondsAt(*due, now));
  attend([&](const Attendant& one) { consider(one.nextStart()); });
  return next;
}

/// "; next start at 14:03:05", of a program with a pacing or a time of its own, and what attendants say. A time, and
/// not how long until then: the page shows a text until the state changes.
std::string Process::idleText(core::Instant now) const {
  std::string text;
  if (!config_->extension.given()) return text;
  bool timed = paced();
  attend([&](const Attendant& one) { timed = timed || one.nextStart() > 0; });
  if (const auto when = timed ? nextStart(now) : 0; when > 0) text = "; next start at " + clockText(when);
  attend([&](const Attendant& one) { one.describeIdle(text); });
  return text;
}

}  // namespace process
