// SPDX-License-Identifier: MIT
#include "instance/events/details.hpp"

#include <fmt/core.h>
#include <sys/wait.h>

#include <string_view>

#include "instance/process/launch.hpp"
#include "instance/process/observer.hpp"
#include "instance/process/process.hpp"
#include "lib/core/percent_encoding.hpp"

namespace events {

using lifecycle::ProcessState;

namespace {

constexpr std::string_view kBadExit = "Bad exit code ";  // of the machine

/// Why the program is in its state: in Supervisor's words, but those for an unexpected end as in the log and in
/// lastExit.
std::string reasonOf(const process::Process& program) {
  const auto& reason = program.spawnError();
  const auto end = program.lastEnd().waitStatus();
  if (!end || !reason.starts_with(kBadExit)) return reason;
  const auto rest = reason.find(';');
  return process::describeWaitStatus(*end) + (rest == std::string::npos ? "" : reason.substr(rest));
}

}  // namespace

std::string detailsOf(const process::Process& program, const process::StateChange& change) {
  std::string out;
  const auto end = change.end.waitStatus();
  if (end && *end != process::kStatusUnknown && WIFEXITED(*end)) out += fmt::format(" exitcode:{}", WEXITSTATUS(*end));
  if (end && *end != process::kStatusUnknown && WIFSIGNALED(*end))
    out += fmt::format(" signal:{}", core::percentEncode(process::signalName(WTERMSIG(*end))));
  // BACKOFF and FATAL are reported together after the last attempt.
  const bool current =
      program.state() == change.to || (change.to == ProcessState::Backoff && program.state() == ProcessState::Fatal);
  const bool explained = change.to == ProcessState::Exited || change.to == ProcessState::Stopped ||
                         change.to == ProcessState::Backoff || change.to == ProcessState::Fatal;
  if (explained && current && !program.spawnError().empty())
    out += fmt::format(" reason:{}", core::percentEncode(reasonOf(program)));
  return out;
}

std::string restartLimitWords(const process::Process& program) {
  return fmt::format("restarts:{} reason:{}", program.restarts(), core::percentEncode(reasonOf(program)));
}

}  // namespace events
