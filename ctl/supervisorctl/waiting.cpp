// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/waiting.hpp"

#include <poll.h>

#include <algorithm>
#include <chrono>

#include "ctl/supervisorctl/selection.hpp"
#include "ctl/supervisorctl/session.hpp"

namespace ctl {
namespace {

// Milliseconds between two calls. Most programs start within a second, so the first pauses are short; then they double,
// because a wait of minutes must not load the server.
constexpr int kFirstPause = 20;
constexpr int kLongestPause = 500;

bool isIn(const ProcessInfo& info, const std::string& state) {
  return state == "STOPPED" ? info.isStopped() : info.stateName == state;
}

/// Whether it has ended and is not to come back; only known of programs with a key that Supervisor does not have.
bool hasEnded(const ProcessInfo& info) {
  const auto* const next = info.is(ProcessState::Exited) ? info.furtherMember("nextStart") : nullptr;
  return next != nullptr && next->integer() != nullptr && *next->integer() == 0;
}

/// Whether nothing is to be awaited after a start that was asked for these.
bool isSettled(const ProcessInfo& info, const std::set<std::string>& started) {
  if (!started.contains(info.fullName())) return info.is(ProcessState::Stopped) || info.is(ProcessState::Exited);
  return hasEnded(info) && info.spawnError.empty();
}

/// "a (STARTING), b (BACKOFF: not ready after 5 seconds)"
std::string describe(const std::vector<const ProcessInfo*>& infos) {
  std::string text;
  for (const ProcessInfo* info : infos) {
    if (!text.empty()) text += ", ";
    text +=
        info->fullName() + " (" + info->stateName + (info->description.empty() ? "" : ": " + info->description) + ')';
  }
  return text;
}

}  // namespace

Answer<bool> waitForState(Session& session, const std::vector<std::string>& names, const std::string& state,
                          std::optional<int> timeout, core::Instant since, const std::set<std::string>* started) {
  const auto end = since + std::chrono::seconds(timeout.value_or(0));
  for (int pause = kFirstPause;; pause = std::min(pause * 2, kLongestPause)) {
    auto infos = session.allProcesses();
    if (!infos) return core::Err{std::move(infos).error()};
    const Selection selection = select(*infos, names);
    for (const std::string& problem : selection.problems) session.problem(problem);
    if (!selection.problems.empty()) return false;

    std::vector<const ProcessInfo*> missing, lost;
    for (const ProcessInfo& info : selection.found) {
      if (isIn(info, state) || (started != nullptr && isSettled(info, *started))) continue;
      missing.push_back(&info);
      const bool failed = info.is(ProcessState::Fatal) || (started != nullptr && hasEnded(info));
      if (state == "RUNNING" && failed) lost.push_back(&info);
    }
    if (missing.empty()) return true;
    if (!lost.empty()) {
      session.problem("ERROR: will not become " + state + ": " + describe(lost));
      return false;
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - core::Clock::now()).count();
    if (timeout && left <= 0) {
      session.problem("ERROR: not " + state + " after " + std::to_string(*timeout) + " s: " + describe(missing));
      return false;
    }
    static_cast<void>(::poll(nullptr, 0, timeout ? static_cast<int>(std::min<long>(left, pause)) : pause));
  }
}

}  // namespace ctl
