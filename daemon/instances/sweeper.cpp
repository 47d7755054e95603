// SPDX-License-Identifier: MIT
#include "daemon/instances/sweeper.hpp"

#include <signal.h>

#include <optional>
#include <utility>

namespace instances {
namespace {

constexpr int kRoundLimit = 200;
/// After so many rounds SIGKILL: it makes new processes as fast as they end.
constexpr int kPoliteRounds = 20;

/// Waits until all of some processes have ended, or for a time; then completes with the number of those that are left.
class EndWait {
 public:
  EndWait(core::EventLoop& loop, const std::vector<FoundProcess>& processes, core::Instant until,
          core::Completion<std::size_t> done)
      : done_(std::move(done)),
        watches_(processes.size()),
        alive_(processes.size()),
        timer_(loop, [this] { finish(); }) {
    for (std::size_t i = 0; i < processes.size(); ++i)
      watches_[i].emplace(loop, processes[i].pidfd.get(), core::IoWatch::Read, [this, i](auto) { onEnd(i); });
    timer_.arm(until);
  }

 private:
  void onEnd(std::size_t index) {
    watches_[index].reset();
    if (--alive_ == 0) finish();
  }
  void finish() {
    auto done = std::move(done_);
    done(alive_);  // may destroy this
  }

  core::Completion<std::size_t> done_;
  std::vector<std::optional<core::IoWatch>> watches_;
  std::size_t alive_;
  core::Timer timer_;
};

core::Task<std::size_t> untilEnded(core::EventLoop& loop, const std::vector<FoundProcess>& processes,
                                   core::Instant until) {
  std::optional<EndWait> wait;
  co_return co_await core::completes<std::size_t>(
      [&](core::Completion<std::size_t> done) { wait.emplace(loop, processes, until, std::move(done)); });
}

void signalAll(const std::vector<FoundProcess>& processes, bool force) {
  for (const auto& process : processes) {
    signalTo(process.pidfd, force ? SIGKILL : SIGTERM);
    if (!force) signalTo(process.pidfd, SIGCONT);  // a stopped process acts on SIGTERM only when it continues
  }
}

}  // namespace

core::Task<SweepResult> sweep(core::EventLoop& loop, std::function<core::Task<std::vector<FoundProcess>>()> find,
                              core::Duration grace, core::Duration killTime) {
  SweepResult out;
  bool force = grace <= core::Duration::zero();
  const auto end = core::Clock::now() + grace;
  for (int round = 1;; ++round) {
    const auto victims = co_await find();
    if (victims.empty()) co_return out;
    force = force || core::Clock::now() >= end;
    signalAll(victims, force);
    if (round > kRoundLimit) {
      out.left = victims.size();
      co_return out;
    }
    force = force || round > kPoliteRounds;
    const auto left = co_await untilEnded(loop, victims, force ? core::Clock::now() + killTime : end);
    out.ended += victims.size() - left;
    if (left > 0 && force) {
      out.left = left;
      co_return out;
    }
    force = force || left > 0;
  }
}

}  // namespace instances
