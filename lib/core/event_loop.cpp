// SPDX-License-Identifier: MIT
#include "lib/core/event_loop.hpp"

#include <signal.h>
#include <sys/epoll.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

#include "lib/core/log.hpp"
#include "lib/core/poller.hpp"
#include "lib/core/watch_state.hpp"
#include "lib/core/watchdog.hpp"

namespace core {

static_assert(IoWatch::Read == +EPOLLIN && IoWatch::Write == +EPOLLOUT && IoWatch::Error == +EPOLLERR &&
              IoWatch::Hangup == +EPOLLHUP);

namespace detail {

void WatchDeleter::operator()(WatchState* state) const noexcept {
  auto* const poller = state->poller;
  poller->forgetFailure(*state);
  if (state->fd >= 0) poller->remove(*state);
  if (state->kind == WatchKind::Signal) poller->removeSignal(*state);
  poller->callNever(*state);
  poller->leave();
  state->unlink();
  if (state->dispatching)
    state->abandoned = true;  // dispatch(), on the stack, frees it
  else
    delete state;
  poller->release();
}

namespace {

/// After an exception the source stays, and the callback is tried again if it still has something to do.
void recover(WatchState& state, const char* why) noexcept {
  if (state.abandoned) return;
  const bool rearmed = (state.kind == WatchKind::Timer && state.place != WatchState::kNowhere) ||
                       (state.kind == WatchKind::Deferred && state.linked());
  const bool stopped = state.kind == WatchKind::Descriptor && state.fd < 0;
  if (rearmed || stopped) return logging::critical("an event could not be handled: {}", why);
  state.poller->tryAgain(state);
  logging::critical("an event could not be handled and is tried again in {} ms: {}",
                    std::chrono::duration_cast<milliseconds>(state.deadline - Clock::now()).count() + 1, why);
}

}  // namespace

void dispatch(WatchState* state, std::uint32_t ready) noexcept {
  const bool nested = state->dispatching;
  state->dispatching = true;
  try {
    if (const auto* const plain = std::get_if<0>(&state->callback))
      (*plain)();
    else
      std::get<1>(state->callback)(ready);
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

[[noreturn]] void fail(const char* what) {
  throw std::runtime_error(std::string("cannot ") + what + ": " + ::strerrorname_np(errno));
}

template <class Callback>
WatchPtr make(EventLoop& loop, WatchKind kind, Callback callback) {
  loop.poller().enlist();
  std::unique_ptr<WatchState> state;
  try {
    state = std::make_unique<WatchState>();
  } catch (...) {
    loop.poller().leave();
    throw;
  }
  state->kind = kind;
  state->callback = std::move(callback);
  state->poller = &loop.poller();
  state->poller->retain();
  return WatchPtr(state.release());
}

}  // namespace
}  // namespace detail

EventLoop::EventLoop() : poller_(new detail::Poller) {}

EventLoop::~EventLoop() {
  watchdog_.reset();
  poller_->detach();
}

int EventLoop::run() {
  while (!poller_->exitCode()) poller_->turn(std::nullopt);
  return *poller_->exitCode();
}

bool EventLoop::step(Duration limit) {
  if (!poller_->exitCode()) poller_->turn(limit);
  return !poller_->exitCode();
}

void EventLoop::exit(int code) noexcept { poller_->exit(code); }
void EventLoop::enableWatchdog(const Notifier& notifier) {
  watchdog_ = detail::Watchdog::fromEnvironment(*this, notifier);
}
Instant EventLoop::now() const noexcept { return poller_->now(); }

IoWatch::IoWatch(EventLoop& loop, Callback callback)
    : state_(detail::make(loop, detail::WatchKind::Descriptor, std::move(callback))) {}

IoWatch::IoWatch(EventLoop& loop, int fd, std::uint32_t events, Callback callback)
    : state_(detail::make(loop, detail::WatchKind::Descriptor, std::move(callback))) {
  state_->events = events;
  state_->fd = fd;
  if (state_->poller->add(*state_) == 0) return;
  state_->fd = -1;  // errno is of add()
  detail::fail("watch a descriptor");
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
  if (state_->poller->change(*state_) != 0) detail::fail("change watched events");
}

BeforePoll::BeforePoll(EventLoop& loop, std::function<void()> hook)
    : state_(detail::make(loop, detail::WatchKind::Hook, std::move(hook))) {
  state_->poller->addHook(*state_);
}

Timer::Timer(EventLoop& loop, std::function<void()> callback, Duration accuracy)
    : state_(detail::make(loop, detail::WatchKind::Timer, std::move(callback))) {
  const auto limited = std::clamp<std::int64_t>(std::chrono::nanoseconds(accuracy).count(), 1, UINT32_MAX);
  state_->accuracy = std::bit_floor(static_cast<std::uint32_t>(limited));
}

void Timer::arm(Instant when) noexcept {
  state_->failed = false;
  // Round times are multiples of the accuracy, a power of two, so that timers of different accuracies meet.
  const auto ns = std::clamp<std::int64_t>(when.time_since_epoch().count(), 0, INT64_MAX - UINT32_MAX);
  const std::int64_t mask = state_->accuracy - 1;
  state_->poller->callAt(*state_, Instant(std::chrono::nanoseconds((ns + mask) & ~mask)));
}

void Timer::disarm() noexcept {
  state_->failed = false;
  state_->poller->callNever(*state_);
}

bool Timer::armed() const noexcept { return state_->place != detail::WatchState::kNowhere; }

SignalWatch::SignalWatch(EventLoop& loop, int signo, std::function<void()> callback)
    : state_(detail::make(loop, detail::WatchKind::Signal, std::move(callback))) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signo);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  // A parent that ignored SIGCHLD would have the kernel reap our children before we see how they ended.
  struct sigaction plain {};
  plain.sa_handler = SIG_DFL;
  ::sigaction(signo, &plain, nullptr);
  state_->signo = signo;
  if (state_->poller->addSignal(*state_) != 0) detail::fail("watch a signal");
}

bool SignalWatch::pending() const noexcept {
  if (state_->due || state_->failed) return true;
  sigset_t set;
  return ::sigpending(&set) == 0 && ::sigismember(&set, state_->signo) == 1;
}

Deferred::Deferred(EventLoop& loop, std::function<void()> callback)
    : state_(detail::make(loop, detail::WatchKind::Deferred, std::move(callback))) {}

void Deferred::schedule() noexcept {
  state_->poller->forgetFailure(*state_);
  if (!state_->linked()) state_->poller->callNext(*state_);
}

void Deferred::cancel() noexcept {
  state_->poller->forgetFailure(*state_);
  state_->unlink();
}

}  // namespace core
