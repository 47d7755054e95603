// SPDX-License-Identifier: MIT
#include "daemon/instances/ctl_run.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include <utility>

#include "daemon/entries/environment.hpp"
#include "daemon/instances/launch.hpp"

namespace instances {
namespace {

/// Longer than any sensible startsecs or stopwaitsecs.
constexpr auto kLimit = core::seconds(120);

}  // namespace

CtlRun::CtlRun(Context& context, const entries::Entry& entry, const std::vector<std::string>& arguments, Done done)
    : reaper_(context.reaper),
      done_(std::move(done)),
      output_(makeErrorFile()),
      timer_(context.loop, [this] { finish(false, "supervisorctl did not answer in time"); }),
      failed_(context.loop, [this] { finish(false, failure_); }) {
  core::SpawnSpec spec;
  spec.file = context.places.supervisorctl;
  spec.arguments = {spec.file, "-c", entry.confFile};
  spec.arguments.insert(spec.arguments.end(), arguments.begin(), arguments.end());
  spec.environment = entries::ownerEnvironment(entry);
  if (context.privileged) spec.identity = entry.identity;
  spec.directory.assign(1, '/');
  const core::UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  spec.descriptors = {{null.get(), 0}, {output_.get(), 1}, {output_.get(), 2}};
  program_ = spec.file;
  auto child = core::beginSpawn(spec);
  if (!child) {
    fail(child.error());
    return;
  }
  pid_ = child->pid;
  launch_ = std::make_unique<core::SpawnWatch>(context.loop, std::move(*child), [this](const core::SpawnReport& report) {
    const auto launch = std::move(launch_);  // it calls this
    if (!report.error) return;
    reaper_.forget(std::exchange(pid_, -1));
    fail(*report.error);
  });
  reaper_.watch(pid_, [this](int status) {
    if (launch_) launch_->check();  // its report comes before its end
    if (pid_ < 0) return;
    pid_ = -1;
    finish(WIFEXITED(status) && WEXITSTATUS(status) == 0, errorText(output_));
  });
  timer_.armIn(kLimit);
}

void CtlRun::fail(const core::SpawnError& error) {
  failure_ = fmt::format("{} cannot be run: {}: {}", program_, core::toText(error.step), ::strerrordesc_np(error.code));
  failed_.schedule();
}

CtlRun::~CtlRun() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  reaper_.forget(pid_);
}

void CtlRun::finish(bool ok, const std::string& output) {
  timer_.disarm();
  if (!done_) return;
  const auto done = std::move(done_);
  done_ = nullptr;
  done(ok, output);  // may destroy this
}

}  // namespace instances
