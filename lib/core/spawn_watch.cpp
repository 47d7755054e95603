// SPDX-License-Identifier: MIT
#include "lib/core/spawn_watch.hpp"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <string>
#include <string_view>

namespace core {
namespace {

constexpr auto kPatience = seconds(1);
constexpr int kMostSeconds = 10;

/// Whether the process is ready to run: on a busy machine a child may wait for a processor. `status` can be read
/// without blocking, whatever the process does; most other files of /proc/PID cannot.
bool isRunnable(pid_t pid) {
  const UniqueFd fd(::open(("/proc/" + std::to_string(pid) + "/status").c_str(), O_RDONLY | O_CLOEXEC));
  char buffer[512];
  const auto n = fd ? ::read(fd.get(), buffer, sizeof buffer) : -1;
  if (n <= 0) return false;
  return std::string_view(buffer, static_cast<std::size_t>(n)).find("\nState:\tR") != std::string_view::npos;
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
