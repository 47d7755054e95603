// SPDX-License-Identifier: MIT
#include "daemon/instances/signal_run.hpp"

#include <cerrno>
#include <string>
#include <utility>

#include "daemon/layout/owner_task.hpp"
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

core::Task<int> signalAsOwner(InstanceContext& context, std::optional<core::Identity> identity,
                              std::vector<ProcessInfo> processes, int signo) {
  layout::OwnerTask::Work work = [processes = std::move(processes), signo] { return signalEach(processes, signo); };
  const auto answer = co_await layout::runAsOwner(context.loop, context.reaper, std::move(identity), std::move(work));
  if (!answer) co_return answer.error().code;
  co_return static_cast<int>(core::parseInteger(*answer).value_or(EIO));
}

}  // namespace instances
