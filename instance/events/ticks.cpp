// SPDX-License-Identifier: MIT
#include "instance/events/ticks.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "lib/core/log.hpp"
#include "lib/core/result.hpp"

namespace events {
namespace {

struct Period {
  Type type;
  std::int64_t seconds;
};
constexpr std::array<Period, 3> kPeriods{{{Type::Tick5, 5}, {Type::Tick60, 60}, {Type::Tick3600, 3600}}};

std::int64_t sliceOf(std::int64_t now, std::int64_t period) { return now - now % period; }

}  // namespace

Ticks::Due Ticks::on(std::int64_t now, TypeSet wanted) {
  Due due;
  for (std::size_t i = 0; i < kPeriods.size(); ++i) {
    const auto& [type, seconds] = kPeriods[i];
    if ((wanted & bit(type)) == 0) {
      last_[i].reset();
      continue;
    }
    const std::int64_t slice = sliceOf(now, seconds);
    if (last_[i] && *last_[i] != slice) due.emplace_back(type, slice);
    last_[i] = slice;
  }
  return due;
}

std::optional<std::int64_t> Ticks::next(std::int64_t now, TypeSet wanted) noexcept {
  for (const auto& [type, seconds] : kPeriods)  // each period divides the next: the shortest one comes first
    if ((wanted & bit(type)) != 0) return sliceOf(now, seconds) + seconds;
  return std::nullopt;
}

WallTimer::WallTimer(core::EventLoop& loop, std::function<void()> callback)
    : fd_(::timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC)), callback_(std::move(callback)) {
  if (!fd_.valid()) {
    logging::error("TICK events are off: {}", core::sysError("cannot create a timer", errno).value.text);
    return;
  }
  watch_.emplace(loop, fd_.get(), core::IoWatch::Read, [this](std::uint32_t) { ready(); });
}

void WallTimer::arm(std::int64_t epochSeconds) noexcept {
  itimerspec spec{};
  spec.it_value.tv_sec = epochSeconds;
  ::timerfd_settime(fd_.get(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &spec, nullptr);
  armed_ = true;
}

void WallTimer::disarm() noexcept {
  const itimerspec never{};
  ::timerfd_settime(fd_.get(), 0, &never, nullptr);
  armed_ = false;
}

void WallTimer::ready() {
  std::uint64_t expirations = 0;
  const ssize_t got = ::read(fd_.get(), &expirations, sizeof expirations);
  if (got < 0 && errno != ECANCELED) return;  // disarmed or armed again meanwhile
  armed_ = false;
  callback_();
}

}  // namespace events
