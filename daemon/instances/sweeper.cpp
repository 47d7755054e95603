// SPDX-License-Identifier: MIT
#include "daemon/instances/sweeper.hpp"

#include <signal.h>

#include <utility>

namespace instances {
namespace {

constexpr int kRoundLimit = 200;

}  // namespace

Sweeper::Sweeper(core::EventLoop& loop, Find find, core::Duration grace, Done done, core::Duration killTime)
    : loop_(loop),
      find_(std::move(find)),
      grace_(grace),
      killTime_(killTime),
      done_(std::move(done)),
      timer_(loop, [this] { onTime(); }) {
  force_ = grace_ <= core::Duration::zero();
}

void Sweeper::run() {
  if (!force_) timer_.armIn(grace_);
  round();
}

void Sweeper::round() {
  victims_.clear();
  alive_ = 0;
  looking_ = true;
  find_([this](std::vector<FoundProcess> found) {
    looking_ = false;
    signalAll(std::move(found));
  });
}

void Sweeper::signalAll(std::vector<FoundProcess> found) {
  for (auto& process : found) {
    signalTo(process.pidfd, force_ ? SIGKILL : SIGTERM);
    if (!force_) signalTo(process.pidfd, SIGCONT);  // a stopped process acts on SIGTERM only when it goes on
    victims_.push_back({std::move(process.pidfd), nullptr});
  }
  if (victims_.empty()) return finish(0);
  if (++rounds_ > kRoundLimit) return finish(victims_.size());
  if (rounds_ > 20) force_ = true;  // it makes new ones as fast as they end
  if (force_) timer_.armIn(killTime_);
  alive_ = victims_.size();
  for (std::size_t i = 0; i < victims_.size(); ++i)
    victims_[i].watch = std::make_unique<core::IoWatch>(loop_, victims_[i].pidfd.get(), core::IoWatch::Read,
                                                        [this, i](auto) { onExit(i); });
}

void Sweeper::onExit(std::size_t index) {
  victims_[index].watch.reset();
  ++ended_;
  if (--alive_ == 0) round();
}

void Sweeper::onTime() {
  const bool forced = std::exchange(force_, true);
  if (looking_) return;  // what is found is met with SIGKILL, and waited for anew
  if (forced) return finish(alive_);
  round();
}

void Sweeper::finish(std::size_t left) {
  victims_.clear();
  timer_.disarm();
  const auto done = std::move(done_);
  done(ended_, left);  // may destroy this
}

}  // namespace instances
