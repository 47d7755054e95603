// SPDX-License-Identifier: MIT
#include "daemon/instances/signal_run.hpp"

#include <cerrno>
#include <string>

#include "lib/core/text.hpp"

namespace instances {
namespace {

/// Runs in the helper.
std::string signalEach(const std::vector<ProcessInfo>& processes, int signo) {
  int code = 0;
  for (const auto& process : processes) {
    const auto pidfd = openPidfd(process.pid);
    const auto now = pidfd ? lookAt(process.pid) : std::nullopt;
    // The number may be another process's by now.
    const bool same = now && now->session == process.session && now->group == process.group;
    if (const int failed = same ? signalTo(pidfd, signo) : ESRCH; failed != 0)
      code = failed;
    else if (&process == &processes.back())
      code = 0;
  }
  return std::to_string(code);
}

}  // namespace

SignalRun::SignalRun(InstanceContext& context, const core::Identity* identity, std::vector<ProcessInfo> processes,
                     int signo, Done done)
    : task_(
          context.loop, context.reaper, identity,
          [processes = std::move(processes), signo] { return signalEach(processes, signo); },
          [this, finish = std::move(done)](const core::Expected<std::string>& answer) {
            finished_ = true;
            finish(answer ? static_cast<int>(core::parseInteger(*answer).value_or(EIO)) : answer.error().code);
          }) {}

}  // namespace instances
