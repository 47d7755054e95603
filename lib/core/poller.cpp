// SPDX-License-Identifier: MIT
#include "lib/core/poller.hpp"

#include <systemd/sd-event.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

#include "lib/core/watch_state.hpp"

namespace core::detail {

Poller::Poller(sd_event* event) : event_(event), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  const int r = epoll_ ? sd_event_add_io(event, &source_, epoll_.get(), EPOLLIN, onReady, this) : -errno;
  if (r < 0) throw std::runtime_error(std::string("poller: ") + ::strerrorname_np(-r));
}

void Poller::release() noexcept {
  if (--users_ == 0) delete this;
}

void Poller::detach() noexcept {
  source_ = sd_event_source_disable_unref(source_);
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
  return r < 0 && errno == ENOENT ? 0 : r;  // it is disabled, after an exception
}

void Poller::remove(WatchState& state) noexcept {
  forget(state);
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, state.fd, nullptr);
}

/// What was reported about it is no longer true; if it still is, the next epoll_wait says so again.
void Poller::forget(const WatchState& state) noexcept {
  for (std::size_t i = next_; i < count_; i++)
    if (ready_[i].data.ptr == &state) ready_[i].data.ptr = nullptr;
}

int Poller::onReady(sd_event_source*, int, std::uint32_t, void* self) {
  static_cast<Poller*>(self)->serve();
  return 0;
}

/// A callback may remove any watch, ask the loop to exit, and destroy it.
void Poller::serve() noexcept {
  const int n = ::epoll_wait(epoll_.get(), ready_.data(), static_cast<int>(ready_.size()), 0);
  next_ = 0;
  count_ = n > 0 ? static_cast<std::size_t>(n) : 0;
  retain();
  int code = 0;
  while (next_ < count_ && source_ != nullptr && sd_event_get_exit_code(event_, &code) == -ENODATA) {
    const epoll_event event = ready_[next_++];
    auto* const state = static_cast<WatchState*>(event.data.ptr);
    if (state != nullptr && !dispatch(state, event.events) && state->poller != nullptr) remove(*state);
  }
  next_ = count_ = 0;
  release();
}

}  // namespace core::detail
