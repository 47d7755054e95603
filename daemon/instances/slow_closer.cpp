// SPDX-License-Identifier: MIT
#include "daemon/instances/slow_closer.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <optional>
#include <utility>

#include "daemon/instances/helper_child.hpp"

namespace instances {
namespace {

/// What is closed within this time shares a helper.
constexpr auto kTogether = core::milliseconds(10);
constexpr auto kAgain = core::milliseconds(500);
constexpr auto kOtherAgain = core::milliseconds(20);
/// systemd answers within milliseconds, unless it reads all units again.
constexpr unsigned kHelperSeconds = 120;

/// A helper that has descriptors open until ours is closed; it exits then, and closes them by that.
struct Holder {
  pid_t pid = 0;
  core::UniqueFd until;
};

std::optional<Holder> hold(std::vector<int> fds) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
  const core::UniqueFd end(ends[0]);
  core::UniqueFd until(ends[1]);
  fds.push_back(end.get());
  const pid_t pid = forkHelper(std::move(fds), kHelperSeconds, [&end] {
    char byte = 0;
    while (::read(end.get(), &byte, 1) > 0) {
    }
  });
  if (pid < 0) return std::nullopt;
  return Holder{pid, std::move(until)};
}

}  // namespace

SlowCloser::~SlowCloser() {
  if (helper_ > 0) reaper_.forget(std::exchange(helper_, 0));
  until_.reset();
  run();
  if (helper_ > 0) reaper_.forget(helper_);
}

void SlowCloser::close(core::UniqueFd fd) {
  if (!fd) return;
  doomed_.push_back(std::move(fd));
  ++held_;
  if (!timer_) timer_ = std::make_unique<core::Timer>(loop_, [this] { run(); });
  if (helper_ == 0 && !timer_->armed()) timer_->armIn(kTogether);
}

void SlowCloser::run() {
  if (until_) return release();
  if (doomed_.empty() || helper_ > 0) return;
  std::vector<int> fds;
  addTo(fds);
  auto holder = hold(std::move(fds));
  if (!holder) return timer_->armIn(kAgain);
  held_ -= doomed_.size();
  std::vector<core::UniqueFd>().swap(doomed_);  // none of them is the last of its file: the helper has it
  helper_ = holder->pid;
  until_ = std::move(holder->until);
  reaper_.watch(helper_, [this](int) {
    helper_ = 0;
    until_.reset();
    if (!doomed_.empty()) return timer_->armIn(kTogether);
    timer_.reset();
  });
  release();
}

/// The helper ends when nobody has its descriptor any more.
void SlowCloser::release() {
  if (other_ && !other_->pass(until_.get())) return timer_->armIn(kOtherAgain);
  until_.reset();
}

core::UniqueFd holdOverExec(std::vector<int> fds) {
  auto holder = hold(std::move(fds));
  return holder ? std::move(holder->until) : core::UniqueFd();
}

}  // namespace instances
