// SPDX-License-Identifier: MIT
#include "lib/core/poller.hpp"

#include <systemd/sd-event.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "lib/core/log.hpp"
#include "lib/core/watch_state.hpp"

namespace core::detail {
namespace {

/// What makes a callback fail (no memory, no descriptors) often ends soon; a retry each second costs next to nothing.
constexpr milliseconds kFirstPause{100};
constexpr milliseconds kLongestPause{1000};
constexpr std::size_t kLeastRoom = 32;

std::uint64_t toMicros(Instant when) noexcept {
  return static_cast<std::uint64_t>(std::chrono::ceil<microseconds>(when.time_since_epoch()).count());
}

int ignore(sd_event_source*, void*) { return 0; }

}  // namespace

Poller::Poller(sd_event* event) : event_(event), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  int r = epoll_ ? sd_event_add_io(event, &source_, epoll_.get(), EPOLLIN, onReady, this) : -errno;
  if (r >= 0) r = sd_event_add_time(event, &again_, CLOCK_MONOTONIC, UINT64_MAX, 1000, onAgain, this);
  if (r >= 0) r = sd_event_source_set_enabled(again_, SD_EVENT_OFF);
  if (r < 0) throw std::runtime_error(std::string("poller: ") + ::strerrorname_np(-r));
  sources_ = 2;
}

void Poller::release() noexcept {
  if (--users_ == 0) delete this;
}

void Poller::detach() noexcept {
  source_ = sd_event_source_disable_unref(source_);
  again_ = sd_event_source_disable_unref(again_);
  release();
}

int Poller::add(WatchState& state) noexcept {
  epoll_event event{};
  event.events = state.events;
  event.data.ptr = &state;
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, state.fd, &event);
}

int Poller::change(WatchState& state) noexcept {
  forget(state);
  epoll_event event{};
  event.events = state.events;
  event.data.ptr = &state;
  const int r = ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, state.fd, &event);
  return r < 0 && state.failed ? 0 : r;  // it is added with these events when it is tried again
}

void Poller::remove(WatchState& state) noexcept {
  forget(state);
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, state.fd, nullptr);
}

/// Drops the events already reported for this watch: they may be outdated. If not, the next epoll_wait reports them
/// again.
void Poller::forget(const WatchState& state) noexcept {
  for (std::size_t i = next_; i < count_; ++i)
    if (ready_[i].data.ptr == &state) ready_[i].data.ptr = nullptr;
}

int Poller::onReady(sd_event_source*, int, std::uint32_t, void* self) {
  static_cast<Poller*>(self)->serve();
  return 0;
}

/// A callback may remove any watch, ask the loop to exit, and destroy it.
void Poller::serve() noexcept {
  // Does not wait: sd-event has done that, for this epoll set and its own sources together.
  const int n = ::epoll_wait(epoll_.get(), ready_.data(), static_cast<int>(ready_.size()), 0);
  next_ = 0;
  count_ = n > 0 ? static_cast<std::size_t>(n) : 0;
  retain();
  int code = 0;
  while (next_ < count_ && source_ != nullptr && sd_event_get_exit_code(event_, &code) == -ENODATA) {
    const epoll_event event = ready_[next_++];
    auto* const state = static_cast<WatchState*>(event.data.ptr);
    if (state != nullptr) dispatch(state, event.events);
  }
  next_ = count_ = 0;
  release();
}

void Poller::tryAgain(WatchState& state) noexcept {
  if (state.failed) return;
  const auto pause = std::min(kLongestPause, kFirstPause * (1 << std::min<int>(state.tries, 4)));
  if (state.tries < 4) ++state.tries;
  if (state.fd >= 0) remove(state);
  state.failed = true;
  state.again = Clock::now() + pause;
  state.next = failed_;
  failed_ = &state;
  armAgain();
}

void Poller::forgetFailure(WatchState& state) noexcept {
  if (!state.failed) return;
  WatchState** link = &failed_;
  while (*link != &state) link = &(*link)->next;
  *link = state.next;
  state.failed = false;
}

void Poller::armAgain() noexcept {
  if (again_ == nullptr || failed_ == nullptr) return;
  Instant first = failed_->again;
  for (const auto* state = failed_; state != nullptr; state = state->next) first = std::min(first, state->again);
  sd_event_source_set_time(again_, toMicros(first));
  sd_event_source_set_enabled(again_, SD_EVENT_ONESHOT);
}

int Poller::onAgain(sd_event_source*, std::uint64_t, void* self) {
  static_cast<Poller*>(self)->serveFailed();
  return 0;
}

/// A descriptor is watched again, and epoll reports its state again; for anything else the callback is called.
void Poller::serveFailed() noexcept {
  const Instant now = Clock::now();
  const auto firstDue = [&] {
    auto* state = failed_;
    while (state != nullptr && state->again > now) state = state->next;
    return state;
  };
  retain();
  while (auto* const state = firstDue()) {
    forgetFailure(*state);
    if (state->fd < 0)
      dispatch(state, 0);
    else if (add(*state) != 0)
      tryAgain(*state);
  }
  armAgain();
  release();
}

void Poller::room() {
  if (sources_ < room_) return static_cast<void>(sources_++);
  const std::size_t wanted = std::max(kLeastRoom, sources_ + sources_ / 2);
  // sd-event enlarges its queue for pending sources and never shrinks it, so pending dummies make the room.
  std::vector<sd_event_source*> due;
  bool good = true;
  try {
    due.reserve(wanted);
    while (good && due.size() < wanted) {
      sd_event_source* source = nullptr;
      good = sd_event_add_defer(event_, &source, ignore, nullptr) >= 0;
      if (good) due.push_back(source);
    }
  } catch (const std::bad_alloc&) {
    good = false;
  }
  for (auto* source : due) sd_event_source_disable_unref(source);
  if (!good) throw std::bad_alloc();
  room_ = wanted;
  ++sources_;
}

}  // namespace core::detail
