// SPDX-License-Identifier: MIT
#include "lib/core/event_loop.hpp"

#include <signal.h>
#include <sys/epoll.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include <cassert>
#include <stdexcept>
#include <string>

#include "lib/core/log.hpp"

namespace core {

static_assert(IoWatch::Read == +EPOLLIN && IoWatch::Write == +EPOLLOUT && IoWatch::Error == +EPOLLERR &&
              IoWatch::Hangup == +EPOLLHUP);

namespace detail {

struct WatchState {
  std::function<void(std::uint32_t)> callback;
  std::function<void()> prepare;
  sd_event_source* source = nullptr;
  bool dispatching = false;
  bool abandoned = false;
};

void WatchDeleter::operator()(WatchState* state) const noexcept {
  state->source = sd_event_source_disable_unref(state->source);
  if (state->dispatching)
    state->abandoned = true;  // the trampoline on the stack frees it
  else
    delete state;
}

namespace {

/// The firewall between C++ callbacks and sd-event. A negative answer makes sd-event disable the source.
int guarded(WatchState* state, const std::function<void()>& call) noexcept {
  const bool nested = state->dispatching;
  state->dispatching = true;
  int answer = 0;
  try {
    call();
  } catch (const std::exception& e) {
    logging::critical("uncaptured exception in an event callback, the source is disabled: {}", e.what());
    answer = -EIO;
  } catch (...) {
    logging::critical("uncaptured exception of unknown type in an event callback, the source is disabled");
    answer = -EIO;
  }
  state->dispatching = nested;
  if (state->abandoned && !nested) {
    delete state;
    return 0;
  }
  return answer;
}

int dispatch(void* userdata, std::uint32_t ready) noexcept {
  auto* state = static_cast<WatchState*>(userdata);
  return guarded(state, [state, ready] { state->callback(ready); });
}

int onIo(sd_event_source*, int, std::uint32_t ready, void* userdata) { return dispatch(userdata, ready); }
int onTime(sd_event_source*, std::uint64_t, void* userdata) { return dispatch(userdata, 0); }
int onSignal(sd_event_source*, const signalfd_siginfo*, void* userdata) { return dispatch(userdata, 0); }
int onDefer(sd_event_source*, void* userdata) { return dispatch(userdata, 0); }
int onPrepare(sd_event_source*, void* userdata) {
  auto* state = static_cast<WatchState*>(userdata);
  return guarded(state, [state] { state->prepare(); });
}

void check(int r, const char* what) {
  if (r < 0) throw std::runtime_error(std::string(what) + ": " + ::strerrorname_np(-r));
}

WatchPtr make(std::function<void(std::uint32_t)> callback) {
  WatchPtr state(new WatchState);
  state->callback = std::move(callback);
  return state;
}

}  // namespace
}  // namespace detail

EventLoop::EventLoop() { detail::check(sd_event_new(&event_), "sd_event_new"); }
EventLoop::~EventLoop() { sd_event_unref(event_); }

int EventLoop::run() {
  const int r = sd_event_loop(event_);
  detail::check(r, "sd_event_loop");
  return r;
}

bool EventLoop::step(Duration limit) {
  if (sd_event_get_state(event_) == SD_EVENT_FINISHED) return false;
  const auto usec = std::chrono::duration_cast<microseconds>(limit).count();
  detail::check(sd_event_run(event_, static_cast<std::uint64_t>(usec)), "sd_event_run");
  return sd_event_get_state(event_) != SD_EVENT_FINISHED && sd_event_get_exit_code(event_, nullptr) == -ENODATA;
}

void EventLoop::exit(int code) noexcept { sd_event_exit(event_, code); }
void EventLoop::enableWatchdog() noexcept { sd_event_set_watchdog(event_, true); }

IoWatch::IoWatch(EventLoop& loop, int fd, std::uint32_t events, Callback callback)
    : state_(detail::make(std::move(callback))) {
  detail::check(sd_event_add_io(loop.handle(), &state_->source, fd, events, detail::onIo, state_.get()), "watch fd");
}

void IoWatch::setEvents(std::uint32_t events) {
  detail::check(sd_event_source_set_io_events(state_->source, events), "change watched events");
}

void IoWatch::setPrepare(std::function<void()> hook) {
  state_->prepare = std::move(hook);
  detail::check(sd_event_source_set_prepare(state_->source, detail::onPrepare), "set prepare hook");
}

Timer::Timer(EventLoop& loop, std::function<void()> callback, Duration accuracy)
    : state_(detail::make([fn = std::move(callback)](std::uint32_t) { fn(); })) {
  // sd-event reads an accuracy of 0 as "250 ms": never pass it.
  const auto usec = std::max<std::int64_t>(1, std::chrono::duration_cast<microseconds>(accuracy).count());
  detail::check(sd_event_add_time(loop.handle(), &state_->source, CLOCK_MONOTONIC, UINT64_MAX,
                                  static_cast<std::uint64_t>(usec), detail::onTime, state_.get()),
                "add timer");
  detail::check(sd_event_source_set_enabled(state_->source, SD_EVENT_OFF), "add timer");
}

void Timer::arm(Instant when) {
  const auto usec = std::chrono::ceil<microseconds>(when.time_since_epoch()).count();
  detail::check(sd_event_source_set_time(state_->source, static_cast<std::uint64_t>(std::max<std::int64_t>(0, usec))),
                "arm timer");
  detail::check(sd_event_source_set_enabled(state_->source, SD_EVENT_ONESHOT), "arm timer");
}

void Timer::disarm() noexcept { sd_event_source_set_enabled(state_->source, SD_EVENT_OFF); }

bool Timer::armed() const noexcept { return sd_event_source_get_enabled(state_->source, nullptr) > 0; }

SignalWatch::SignalWatch(EventLoop& loop, int signo, std::function<void()> callback)
    : state_(detail::make([fn = std::move(callback)](std::uint32_t) { fn(); })) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signo);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  detail::check(sd_event_add_signal(loop.handle(), &state_->source, signo, detail::onSignal, state_.get()),
                "watch signal");
}

Deferred::Deferred(EventLoop& loop, std::function<void()> callback)
    : state_(detail::make([fn = std::move(callback)](std::uint32_t) { fn(); })) {
  detail::check(sd_event_add_defer(loop.handle(), &state_->source, detail::onDefer, state_.get()), "add deferred call");
  cancel();
}

void Deferred::schedule() noexcept { sd_event_source_set_enabled(state_->source, SD_EVENT_ONESHOT); }
void Deferred::cancel() noexcept { sd_event_source_set_enabled(state_->source, SD_EVENT_OFF); }

}  // namespace core
