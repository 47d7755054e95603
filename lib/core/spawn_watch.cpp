// SPDX-License-Identifier: MIT
#include "lib/core/spawn_watch.hpp"

#include <errno.h>
#include <signal.h>

#include <utility>

#include "lib/core/proc_files.hpp"

namespace core {
namespace {

constexpr auto kPatience = seconds(1);
constexpr int kMostSeconds = 10;

/// Whether the process is ready to run: on a busy machine a child may wait for a processor.
bool isRunnable(pid_t pid) {
  char buffer[512];
  return proc::field(proc::read(pid, "status", buffer, sizeof buffer), "\nState:").starts_with('R');
}

}  // namespace

SpawnWatch::SpawnWatch(EventLoop& loop, Spawned child, Done done)
    : child_(std::move(child)),
      done_(std::move(done)),
      watch_(std::make_unique<IoWatch>(loop, child_.report.get(), IoWatch::Read, [this](auto) { check(); })),
      timer_(loop, [this] { onTime(); }) {
  timer_.armIn(kPatience);
}

void SpawnWatch::check() {
  if (!done_) return;
  readReport(child_.report.get(), report_);
  if (report_.complete) finish();
}

void SpawnWatch::onTime() {
  // The loop may have been busy meanwhile, so that the report is there, and only waits to be read.
  readReport(child_.report.get(), report_);
  if (report_.complete) return finish();
  if (++seconds_ < kMostSeconds && isRunnable(child_.pid)) return timer_.armIn(kPatience);
  report_.error = SpawnError{SpawnStep::Time, ETIMEDOUT};
  finish();
}

void SpawnWatch::finish() {
  timer_.disarm();
  watch_.reset();
  if (report_.error) ::kill(child_.pid, SIGKILL);  // a child that nobody has reaped yet: the pid is still its own
  const auto done = std::move(done_);
  done_ = nullptr;
  done(report_);  // may destroy this
}

}  // namespace core
