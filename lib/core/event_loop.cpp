// SPDX-License-Identifier: MIT
#include "lib/core/event_loop.hpp"

#include <signal.h>
#include <sys/epoll.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include <cassert>
#include <stdexcept>
#include <string>
#include <utility>

#include "lib/core/log.hpp"
#include "lib/core/poller.hpp"
#include "lib/core/watch_state.hpp"

namespace core {

static_assert(IoWatch::Read == +EPOLLIN && IoWatch::Write == +EPOLLOUT && IoWatch::Error == +EPOLLERR &&
              IoWatch::Hangup == +EPOLLHUP);

namespace detail {

void WatchDeleter::operator()(WatchState* state) const noexcept {
  state->source = sd_event_source_disable_unref(state->source);
  if (auto* const poller = std::exchange(state->poller, nullptr)) {
    poller->remove(*state);
    poller->release();
  }
  if (state->dispatching)
    state->abandoned = true;  // the trampoline on the stack frees it
  else
    delete state;
}

bool dispatch(WatchState* state, std::uint32_t ready) noexcept {
  const bool nested = state->dispatching;
  state->dispatching = true;
  bool good = true;
  try {
    state->callback(ready);
  } catch (const std::exception& e) {
    logging::critical("uncaptured exception in an event callback, the source is disabled: {}", e.what());
    good = false;
  } catch (...) {
    logging::critical("uncaptured exception of unknown type in an event callback, the source is disabled");
    good = false;
  }
  state->dispatching = nested;
  if (state->abandoned && !nested) {
    delete state;
    return true;
  }
  return good;
}

namespace {

/// The firewall between C++ callbacks and sd-event. A negative answer makes sd-event disable the source.
int call(void* userdata) noexcept { return dispatch(static_cast<WatchState*>(userdata), 0) ? 0 : -EIO; }

int onTime(sd_event_source*, std::uint64_t, void* userdata) { return call(userdata); }
/// What was written before the signal is read before it is handled: the last words of a child come before its end. One
/// batch is enough for that, and no flood of output holds up a signal, as a priority would let it.
int onSignal(sd_event_source*, const signalfd_siginfo*, void* userdata) {
  auto* const state = static_cast<WatchState*>(userdata);
  state->dispatching = state->due = true;
  state->poller->serve();
  state->dispatching = state->due = false;
  if (!state->abandoned) return call(userdata);
  delete state;
  return 0;
}
int onEvent(sd_event_source*, void* userdata) { return call(userdata); }
int onNever(sd_event_source*, std::uint64_t, void*) { return 0; }

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

EventLoop::EventLoop() {
  detail::check(sd_event_new(&event_), "sd_event_new");
  poller_ = new detail::Poller(event_);
}

EventLoop::~EventLoop() {
  poller_->detach();
  sd_event_unref(event_);
}

int EventLoop::run() {
  const int r = sd_event_loop(event_);
  detail::check(r, "sd_event_loop");
  return r;
}

bool EventLoop::step(Duration limit) {
  if (sd_event_get_state(event_) == SD_EVENT_FINISHED) return false;
  const auto usec = std::chrono::duration_cast<microseconds>(limit).count();
  detail::check(sd_event_run(event_, static_cast<std::uint64_t>(usec)), "sd_event_run");
  int code = 0;
  return sd_event_get_state(event_) != SD_EVENT_FINISHED && sd_event_get_exit_code(event_, &code) == -ENODATA;
}

void EventLoop::exit(int code) noexcept { sd_event_exit(event_, code); }
void EventLoop::enableWatchdog() noexcept { sd_event_set_watchdog(event_, true); }

IoWatch::IoWatch(EventLoop& loop, int fd, std::uint32_t events, Callback callback)
    : state_(detail::make(std::move(callback))) {
  state_->fd = fd;
  state_->events = events;
  if (loop.poller().add(*state_) != 0) detail::check(-errno, "watch fd");
  state_->poller = &loop.poller();
  state_->poller->retain();
}

void IoWatch::setEvents(std::uint32_t events) {
  if (std::exchange(state_->events, events) == events) return;
  if (state_->poller->change(*state_) != 0) detail::check(-errno, "change watched events");
}

BeforePoll::BeforePoll(EventLoop& loop, std::function<void()> hook)
    : state_(detail::make([fn = std::move(hook)](std::uint32_t) { fn(); })) {
  // Only a source that is enabled has its hook called: this one is, for a time that never comes.
  detail::check(sd_event_add_time(loop.handle(), &state_->source, CLOCK_MONOTONIC, UINT64_MAX, 1, detail::onNever,
                                  state_.get()),
                "add prepare hook");
  detail::check(sd_event_source_set_prepare(state_->source, detail::onEvent), "add prepare hook");
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
  // A parent that ignored SIGCHLD would have the kernel reap our children before we see how they ended.
  struct sigaction plain {};
  plain.sa_handler = SIG_DFL;
  ::sigaction(signo, &plain, nullptr);
  detail::check(sd_event_add_signal(loop.handle(), &state_->source, signo, detail::onSignal, state_.get()),
                "watch signal");
  state_->poller = &loop.poller();
  state_->poller->retain();
}

bool SignalWatch::pending() const noexcept {
  if (state_->due || sd_event_source_get_pending(state_->source) > 0) return true;
  sigset_t set;
  return ::sigpending(&set) == 0 && ::sigismember(&set, sd_event_source_get_signal(state_->source)) == 1;
}

Deferred::Deferred(EventLoop& loop, std::function<void()> callback)
    : state_(detail::make([fn = std::move(callback)](std::uint32_t) { fn(); })) {
  detail::check(sd_event_add_defer(loop.handle(), &state_->source, detail::onEvent, state_.get()), "add deferred call");
  cancel();
}

void Deferred::schedule() noexcept { sd_event_source_set_enabled(state_->source, SD_EVENT_ONESHOT); }
void Deferred::cancel() noexcept { sd_event_source_set_enabled(state_->source, SD_EVENT_OFF); }

}  // namespace core
