// SPDX-License-Identifier: MIT
#include "lib/core/event_loop.hpp"

#include <signal.h>
#include <sys/epoll.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include <cassert>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "lib/core/log.hpp"
#include "lib/core/poller.hpp"
#include "lib/core/watch_state.hpp"

namespace core {

static_assert(IoWatch::Read == +EPOLLIN && IoWatch::Write == +EPOLLOUT && IoWatch::Error == +EPOLLERR &&
              IoWatch::Hangup == +EPOLLHUP);

namespace detail {

void WatchDeleter::operator()(WatchState* state) const noexcept {
  auto* const poller = state->poller;
  poller->forgetFailure(*state);
  if (state->fd >= 0) poller->remove(*state);
  if (state->source != nullptr) poller->leaveRoom();
  state->source = sd_event_source_disable_unref(state->source);
  if (state->dispatching)
    state->abandoned = true;  // the trampoline on the stack frees it
  else
    delete state;
  poller->release();
}

namespace {

/// After an exception the source stays, and the callback is tried again if it still has something to do.
void recover(WatchState& state, const char* why) noexcept {
  if (state.abandoned) return;
  const bool rearmed = state.once && sd_event_source_get_enabled(state.source, nullptr) > 0;
  const bool stopped = state.source == nullptr && state.fd < 0;
  if (rearmed || stopped) return logging::critical("an event could not be handled: {}", why);
  state.poller->tryAgain(state);
  logging::critical("an event could not be handled and is tried again in {} ms: {}",
                    std::chrono::duration_cast<milliseconds>(state.again - Clock::now()).count() + 1, why);
}

}  // namespace

void dispatch(WatchState* state, std::uint32_t ready) noexcept {
  const bool nested = state->dispatching;
  state->dispatching = true;
  try {
    state->callback(ready);
    state->tries = 0;
  } catch (const std::exception& e) {
    recover(*state, e.what());
  } catch (...) {
    recover(*state, "exception of unknown type");
  }
  state->dispatching = nested;
  if (state->abandoned && !nested) delete state;
}

namespace {

/// The firewall between C++ callbacks and sd-event. A negative answer would make sd-event disable the source.
int call(void* userdata) noexcept {
  dispatch(static_cast<WatchState*>(userdata), 0);
  return 0;
}

int onTime(sd_event_source*, std::uint64_t, void* userdata) { return call(userdata); }
/// Serves descriptors before the signal: the last output of a child is read before its end is handled. One batch is
/// enough for that. With a priority for descriptors instead, a flood of output could delay signals without limit.
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

WatchPtr make(EventLoop& loop, std::function<void(std::uint32_t)> callback) {
  WatchPtr state(new WatchState);
  state->callback = std::move(callback);
  state->poller = &loop.poller();
  state->poller->retain();
  return state;
}

/// For what becomes a source of sd-event.
WatchPtr makeSource(EventLoop& loop, std::function<void()> callback) {
  auto state = make(loop, [fn = std::move(callback)](std::uint32_t) { fn(); });
  loop.poller().room();
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

/// Without memory sd-event breaks off a turn. Another turn, which does not wait, finds the same events again.
void EventLoop::turn(std::uint64_t usec) {
  int r = 0;
  while ((r = sd_event_run(event_, usec)) == -ENOMEM) {
    std::this_thread::sleep_for(milliseconds(10));
    usec = 0;
  }
  detail::check(r, "sd_event_run");
}

int EventLoop::run() {
  while (sd_event_get_state(event_) != SD_EVENT_FINISHED) turn(UINT64_MAX);
  int code = 0;
  detail::check(sd_event_get_exit_code(event_, &code), "exit code of the loop");
  return code;
}

bool EventLoop::step(Duration limit) {
  if (sd_event_get_state(event_) == SD_EVENT_FINISHED) return false;
  const auto usec = std::chrono::duration_cast<microseconds>(limit).count();
  turn(static_cast<std::uint64_t>(usec));
  int code = 0;
  return sd_event_get_state(event_) != SD_EVENT_FINISHED && sd_event_get_exit_code(event_, &code) == -ENODATA;
}

void EventLoop::exit(int code) noexcept { sd_event_exit(event_, code); }
void EventLoop::enableWatchdog() noexcept { sd_event_set_watchdog(event_, true); }

IoWatch::IoWatch(EventLoop& loop, Callback callback) : state_(detail::make(loop, std::move(callback))) {}

IoWatch::IoWatch(EventLoop& loop, int fd, std::uint32_t events, Callback callback)
    : state_(detail::make(loop, std::move(callback))) {
  state_->events = events;
  state_->fd = fd;
  if (state_->poller->add(*state_) != 0) detail::check(-errno, "watch fd");
}

void IoWatch::start(int fd, std::uint32_t events) noexcept {
  stop();
  state_->fd = fd;
  state_->events = events;
  if (state_->poller->add(*state_) != 0) state_->poller->tryAgain(*state_);
}

void IoWatch::stop() noexcept {
  state_->poller->forgetFailure(*state_);
  if (state_->fd >= 0) state_->poller->remove(*state_);
  state_->fd = -1;
}

bool IoWatch::active() const noexcept { return state_->fd >= 0; }

void IoWatch::setEvents(std::uint32_t events) {
  if (std::exchange(state_->events, events) == events) return;
  if (state_->poller->change(*state_) != 0) detail::check(-errno, "change watched events");
}

BeforePoll::BeforePoll(EventLoop& loop, std::function<void()> hook)
    : state_(detail::makeSource(loop, std::move(hook))) {
  // Only a source that is enabled has its hook called: this one is, for a time that never comes.
  detail::check(
      sd_event_add_time(loop.handle(), &state_->source, CLOCK_MONOTONIC, UINT64_MAX, 1, detail::onNever, state_.get()),
      "add prepare hook");
  detail::check(sd_event_source_set_prepare(state_->source, detail::onEvent), "add prepare hook");
}

Timer::Timer(EventLoop& loop, std::function<void()> callback, Duration accuracy)
    : state_(detail::makeSource(loop, std::move(callback))) {
  // sd-event reads an accuracy of 0 as "250 ms": never pass it.
  const auto usec = std::max<std::int64_t>(1, std::chrono::duration_cast<microseconds>(accuracy).count());
  detail::check(sd_event_add_time(loop.handle(), &state_->source, CLOCK_MONOTONIC, UINT64_MAX,
                                  static_cast<std::uint64_t>(usec), detail::onTime, state_.get()),
                "add timer");
  detail::check(sd_event_source_set_enabled(state_->source, SD_EVENT_OFF), "add timer");
  state_->once = true;
}

void Timer::arm(Instant when) noexcept {
  // Rounded up: a callback that came early would find its deadline in the future, and arm the timer again.
  const auto usec = std::chrono::ceil<microseconds>(when.time_since_epoch()).count();
  state_->poller->forgetFailure(*state_);
  // Neither takes memory, nor fails while the loop is there.
  sd_event_source_set_time(state_->source, static_cast<std::uint64_t>(std::max<std::int64_t>(0, usec)));
  sd_event_source_set_enabled(state_->source, SD_EVENT_ONESHOT);
}

void Timer::disarm() noexcept {
  state_->poller->forgetFailure(*state_);
  sd_event_source_set_enabled(state_->source, SD_EVENT_OFF);
}

bool Timer::armed() const noexcept {
  return state_->failed || sd_event_source_get_enabled(state_->source, nullptr) > 0;
}

SignalWatch::SignalWatch(EventLoop& loop, int signo, std::function<void()> callback)
    : state_(detail::makeSource(loop, std::move(callback))) {
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
}

bool SignalWatch::pending() const noexcept {
  if (state_->due || state_->failed || sd_event_source_get_pending(state_->source) > 0) return true;
  sigset_t set;
  return ::sigpending(&set) == 0 && ::sigismember(&set, sd_event_source_get_signal(state_->source)) == 1;
}

Deferred::Deferred(EventLoop& loop, std::function<void()> callback)
    : state_(detail::makeSource(loop, std::move(callback))) {
  detail::check(sd_event_add_defer(loop.handle(), &state_->source, detail::onEvent, state_.get()), "add deferred call");
  state_->once = true;
  cancel();
}

void Deferred::schedule() noexcept {
  state_->poller->forgetFailure(*state_);
  sd_event_source_set_enabled(state_->source, SD_EVENT_ONESHOT);
}
void Deferred::cancel() noexcept {
  state_->poller->forgetFailure(*state_);
  sd_event_source_set_enabled(state_->source, SD_EVENT_OFF);
}

}  // namespace core
