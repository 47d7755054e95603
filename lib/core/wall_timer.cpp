// SPDX-License-Identifier: MIT
#include "lib/core/wall_timer.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <utility>

namespace core {
namespace {

constexpr auto kNever = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMicros = 1'000'000;
/// Without a descriptor, the longest time in which a clock that is set is not noticed.
constexpr seconds kBlind{60};

}  // namespace

WallClock::WallClock(EventLoop& loop)
    : loop_(loop),
      watch_(loop, [this](std::uint32_t) { readDescriptor(); }),
      again_(loop, [this] { callDue(std::exchange(set_, false)); }),
      waitsFor_(kNever) {}

void WallClock::wasSet() noexcept { callDue(true); }

void WallClock::readDescriptor() noexcept {
  std::uint64_t times = 0;
  const bool cancelled = ::read(fd_.get(), &times, sizeof times) < 0 && errno == ECANCELED;
  waitsFor_ = kNever;
  callDue(cancelled);
}

/// Hands the calls to the loop: a callback may arm or destroy timers, or fail.
void WallClock::callDue(bool all) noexcept {
  const auto now = wallMicros();
  for (auto* link = armed_.next; link != &armed_;) {
    auto& timer = static_cast<WallTimer&>(*link);
    link = link->next;
    if (!all && timer.when_ > now) continue;
    timer.unlink();
    timer.call_.schedule();
  }
  wait();
}

void WallClock::wait() noexcept {
  auto first = kNever;
  for (const auto* link = armed_.next; link != &armed_; link = link->next)
    first = std::min(first, static_cast<const WallTimer*>(link)->when_);
  if (first == waitsFor_) return;
  if (!fd_ && first != kNever) {
    fd_.reset(::timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK));
    if (fd_) watch_.start(fd_.get(), IoWatch::Read);
  }
  if (!fd_) return waitWithout(first);
  itimerspec spec{};
  if (first != kNever) {
    // A time of zero would stop the timer.
    const auto when = std::max<std::int64_t>(first, 1);
    spec.it_value.tv_sec = when / kMicros;
    spec.it_value.tv_nsec = when % kMicros * 1000;
  }
  const int flags = TFD_TIMER_ABSTIME | (first == kNever ? 0 : TFD_TIMER_CANCEL_ON_SET);
  if (::timerfd_settime(fd_.get(), flags, &spec, nullptr) == 0) {
    waitsFor_ = first;
    return again_.disarm();
  }
  // ECANCELED: the clock was set since the last read.
  waitsFor_ = kNever;
  set_ = set_ || errno == ECANCELED;
  set_ ? again_.armIn(Duration(0)) : waitWithout(first);
}

/// The next turn that looks at the clock is one of the monotonic clock.
void WallClock::waitWithout(std::int64_t first) noexcept {
  if (first == kNever) return again_.disarm();
  const auto left = std::clamp<std::int64_t>(first - wallMicros(), 0, std::chrono::microseconds(kBlind).count());
  again_.armIn(microseconds(left));
}

void WallTimer::arm(std::int64_t when) noexcept {
  call_.cancel();
  const bool wasFirst = linked() && when_ == clock_.waitsFor_;
  when_ = when;
  append(clock_.armed_);
  if (wasFirst || when < clock_.waitsFor_) clock_.wait();
}

void WallTimer::disarm() noexcept {
  call_.cancel();
  if (!linked()) return;
  unlink();
  if (when_ <= clock_.waitsFor_) clock_.wait();
}

}  // namespace core
