// SPDX-License-Identifier: MIT
#include "lib/core/poller.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace core::detail {
namespace {

/// What makes a callback fail (no memory, no descriptors) often ends soon; a retry each second costs next to nothing.
constexpr milliseconds kFirstPause{100};
constexpr milliseconds kLongestPause{1000};

/// To the nanosecond where the kernel can (Linux 5.11), else to the millisecond: later, never earlier.
int waitFor(int epoll, epoll_event* events, int most, Duration timeout) noexcept {
  static bool exact = true;
  const bool forever = timeout == Duration::max();
  if (exact) {
    const auto whole = std::chrono::duration_cast<seconds>(timeout);
    const timespec limit{whole.count(), (timeout - whole).count()};
    const int n = ::epoll_pwait2(epoll, events, most, forever ? nullptr : &limit, nullptr);
    if (n >= 0 || (errno != ENOSYS && errno != EPERM)) return n;  // EPERM: an old container manager does not know it
    exact = false;
  }
  const auto ms = std::min<std::int64_t>(INT32_MAX, std::chrono::ceil<milliseconds>(timeout).count());
  return ::epoll_wait(epoll, events, most, forever ? -1 : static_cast<int>(ms));
}

WatchState* stateOf(Link* link) noexcept { return static_cast<WatchState*>(link); }

}  // namespace

Poller::Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) throw std::runtime_error(std::string("cannot create an epoll set: ") + ::strerrorname_np(errno));
  sigemptyset(&signals_);
}

void Poller::release() noexcept {
  if (--users_ == 0) delete this;
}

void Poller::detach() noexcept {
  signalFd_.reset();
  release();
}

void Poller::turn(std::optional<Duration> limit) {
  // The lists and the batch that are being served have one reader.
  if (std::exchange(turning_, true)) throw std::logic_error("a callback cannot turn its own loop");
  const auto end = [](bool* turning) { *turning = false; };
  const std::unique_ptr<bool, decltype(end)> turning(&turning_, end);
  callEach(hooks_, true);
  if (!goesOn()) return;
  poll(timeToWait(limit));
  now_ = Clock::now();
  callEach(deferred_, false);
  const bool timed = serveDeadlines();
  callEach(deferred_, false);  // those of the timers: a deferred call goes before what is ready
  const bool served = serveDescriptors();
  // Work in slices, by a timer that is armed for now, must not cost a client a slice for each of its steps: a
  // connection that was just accepted can be read before the next slice.
  if (timed && served && goesOn()) {
    callEach(deferred_, false);
    poll(Duration::zero());
    serveDescriptors();
  }
  if (signalled_) serveSignals();
}

Duration Poller::timeToWait(std::optional<Duration> limit) const noexcept {
  if (deferred_.linked()) return Duration::zero();
  Duration wait = limit ? std::max(*limit, Duration::zero()) : Duration::max();
  if (const auto* const first = deadlines_.first())
    wait = std::clamp(first->deadline - Clock::now(), Duration::zero(), wait);
  return wait;
}

/// Fills ready_, and takes note of signals.
void Poller::poll(Duration timeout) {
  const int n = waitFor(epoll_.get(), ready_.data(), static_cast<int>(ready_.size()), timeout);
  if (n < 0 && errno != EINTR) throw std::runtime_error(std::string("cannot wait: ") + ::strerrorname_np(errno));
  next_ = 0;
  count_ = n > 0 ? static_cast<std::size_t>(n) : 0;
  for (std::size_t i = 0; i < count_; ++i) {
    if (ready_[i].data.ptr != &signalFd_) continue;
    ready_[i].data.ptr = nullptr;
    signalled_ = true;
  }
}

/// Calls each watch that is in `list` now; what is added meanwhile has to wait. A callback may remove any of them.
void Poller::callEach(Link& list, bool staysInList) noexcept {
  if (!list.linked()) return;
  Link end;  // those in front of it are to be called
  end.append(list);
  while (list.next != &end && goesOn()) {
    auto* const state = stateOf(list.next);
    if (staysInList)
      state->append(list);
    else
      state->unlink();
    dispatch(state, 0);
  }
}

/// A descriptor whose watch failed is watched again, and epoll reports its state again; for anything else the callback
/// is called.
bool Poller::serveDeadlines() noexcept {
  bool any = false;
  for (; goesOn(); any = true) {
    auto* const state = deadlines_.first();
    if (state == nullptr || state->deadline > now_) break;
    deadlines_.remove(*state);
    const bool addAgain = std::exchange(state->failed, false) && state->fd >= 0;
    if (!addAgain)
      dispatch(state, 0);
    else if (add(*state) != 0)
      tryAgain(*state);
  }
  return any;
}

bool Poller::serveDescriptors() noexcept {
  const bool any = count_ > 0;
  while (next_ < count_ && goesOn()) {
    const epoll_event event = ready_[next_++];
    auto* const state = static_cast<WatchState*>(event.data.ptr);
    if (state != nullptr) dispatch(state, event.events);
  }
  next_ = count_ = 0;
  return any;
}

/// Serves descriptors once more before the signals: the last output of a child is read before its end is handled. One
/// batch is enough for that. To serve all that is ready could delay signals without limit in a flood of output.
void Poller::serveSignals() {
  if (!goesOn()) return;
  signalled_ = false;
  readSignals();
  poll(Duration::zero());
  serveDescriptors();
  const auto firstDue = [this] {
    auto* link = signalWatches_.next;
    while (link != &signalWatches_ && !stateOf(link)->due) link = link->next;
    return link == &signalWatches_ ? nullptr : stateOf(link);
  };
  while (auto* const state = goesOn() ? firstDue() : nullptr) {
    state->due = false;
    dispatch(state, 0);
  }
}

/// Reads once. What is left is reported again: whoever sends signals faster than they can be read would keep the loop
/// here.
void Poller::readSignals() noexcept {
  std::array<signalfd_siginfo, 8> infos;
  const ssize_t n = ::read(signalFd_.get(), infos.data(), sizeof infos);
  const std::size_t end = n > 0 ? static_cast<std::size_t>(n) / sizeof infos[0] : 0;
  for (std::size_t i = 0; i < end; ++i)
    for (auto* link = signalWatches_.next; link != &signalWatches_; link = link->next)
      if (stateOf(link)->signo == static_cast<int>(infos[i].ssi_signo)) stateOf(link)->due = true;
}

void Poller::enlist() {
  deadlines_.makeRoom(watches_ + 1);
  ++watches_;
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

void Poller::callAt(WatchState& state, Instant when) noexcept {
  state.deadline = std::max(when, now_ + std::chrono::nanoseconds(1));  // after this turn
  state.order = order_++;
  deadlines_.put(state);
}

/// Changes nothing if it fails.
int Poller::updateSignals(const sigset_t& wanted) noexcept {
  const bool first = !signalFd_;
  const int fd = ::signalfd(signalFd_.get(), &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0) return -1;
  if (first) {
    signalFd_.reset(fd);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &signalFd_;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
      signalFd_.reset();
      return -1;
    }
  }
  signals_ = wanted;
  return 0;
}

int Poller::addSignal(WatchState& state) noexcept {
  sigset_t wanted = signals_;
  sigaddset(&wanted, state.signo);
  if (updateSignals(wanted) != 0) return -1;
  state.append(signalWatches_);
  return 0;
}

void Poller::removeSignal(WatchState& state) noexcept {
  if (!state.linked()) return;
  state.unlink();
  for (auto* link = signalWatches_.next; link != &signalWatches_; link = link->next)
    if (stateOf(link)->signo == state.signo) return;
  sigset_t wanted = signals_;
  sigdelset(&wanted, state.signo);
  if (signalFd_) (void)updateSignals(wanted);
}

void Poller::tryAgain(WatchState& state) noexcept {
  if (state.failed) return;
  const auto pause = std::min(kLongestPause, kFirstPause * (1 << std::min<int>(state.tries, 4)));
  if (state.tries < 4) ++state.tries;
  if (state.fd >= 0) remove(state);
  state.failed = true;
  callAt(state, Clock::now() + pause);
}

void Poller::forgetFailure(WatchState& state) noexcept {
  if (std::exchange(state.failed, false)) callNever(state);
}

}  // namespace core::detail
