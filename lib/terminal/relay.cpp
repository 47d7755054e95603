// SPDX-License-Identifier: MIT
#include "lib/terminal/relay.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <vector>

#include "lib/core/unique_fd.hpp"
#include "lib/terminal/channel.hpp"
#include "lib/terminal/pseudo_terminal.hpp"

namespace terminal {
namespace {

constexpr int kGraceMs = 1000;  // from the signal to SIGKILL, and from SIGKILL until we stop waiting for the guest
constexpr std::array kPassedOn{SIGINT, SIGQUIT, SIGHUP, SIGTERM};
constexpr std::array kOthers{SIGCHLD, SIGWINCH, SIGTSTP, SIGCONT};

/// Blocks the signals of a relay and makes them readable. Signals that our parent ignores (nohup) stay ignored.
class Signals {
 public:
  Signals() noexcept {
    ::sigemptyset(&set_);
    for (const int signo : kPassedOn) add(signo);
    for (const int signo : kOthers) add(signo);
    ::sigprocmask(SIG_BLOCK, &set_, &before_);
    pipe_ = ::signal(SIGPIPE, SIG_IGN);  // a closed pipe, to the guest or from us, is then an errno
    fd_.reset(::signalfd(-1, &set_, SFD_CLOEXEC | SFD_NONBLOCK));
  }
  ~Signals() {
    ::signal(SIGPIPE, pipe_);
    ::sigprocmask(SIG_SETMASK, &before_, nullptr);
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  /// The next one; 0: there is none.
  [[nodiscard]] int take() const noexcept {
    signalfd_siginfo info{};
    return ::read(fd_.get(), &info, sizeof info) == sizeof info ? static_cast<int>(info.ssi_signo) : 0;
  }

 private:
  void add(int signo) noexcept {
    struct sigaction now {};
    if (::sigaction(signo, nullptr, &now) == 0 && now.sa_handler == SIG_IGN) return;
    ::sigaddset(&set_, signo);
  }

  sigset_t set_{}, before_{};
  sighandler_t pipe_ = SIG_DFL;
  core::UniqueFd fd_;
};

/// Sends `signo` to `whom`: ourselves or (0) our whole process group, as the terminal's driver does. It has its default
/// effect on us, immediately.
void raiseDefault(int signo, pid_t whom) noexcept {
  struct sigaction plain {
  }, before{};
  plain.sa_handler = SIG_DFL;
  ::sigaction(signo, &plain, &before);
  sigset_t one, mask;
  ::sigemptyset(&one);
  ::sigaddset(&one, signo);
  ::kill(whom, signo);
  ::sigprocmask(SIG_UNBLOCK, &one, &mask);
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  ::sigaction(signo, &before, nullptr);
}

class Relay {
 public:
  Relay(Joined& joined, RawTerminal& terminal, const Signals& signals, pid_t guest, int limitMs)
      : joined_(joined), terminal_(terminal), signals_(signals), guest_(guest) {
    if (limitMs > 0) deadline_ = now() + limitMs;
  }

  /// Runs until the guest has ended, or until we stop waiting for it.
  void run() {
    if (joined_.keyboard) terminal_.enter();
    while (!ended_ && !(deadline_ && killed_ && timeLeft() == 0)) turn();
    terminal_.leave();
    writeRest();
  }

  /// The status of waitpid(); that of SIGKILL if we stopped waiting for the guest.
  [[nodiscard]] int status() const noexcept { return status_; }
  /// The signal that asked us to end; 0: none.
  [[nodiscard]] int ending() const noexcept { return ending_; }
  [[nodiscard]] bool wasKilled() const noexcept { return killed_; }

 private:
  void turn() {
    std::vector<pollfd> watched{{signals_.fd(), POLLIN, 0}};
    for (auto* channel : joined_.all()) channel->watch(watched);
    if (::poll(watched.data(), watched.size(), timeLeft()) < 0 && errno != EINTR) return kill();
    if (timeLeft() == 0) kill();
    while (const int signo = signals_.take()) handle(signo);
    for (auto* channel : joined_.all()) channel->move(watched);
    if (joined_.keyboard) readKeys();
    const bool gone = joined_.keyboard && joined_.input.hasEnded();
    if (gone || (joined_.screen.ours && joined_.output.isBroken())) ask(SIGHUP);
    reap();
  }

  /// Writes the output that the guest wrote before it ended, however slow our readers are.
  void writeRest() {
    for (auto* channel : joined_.all()) channel->readRest();
    while (joined_.output.hasPending() || joined_.errors.hasPending()) {
      std::vector<pollfd> watched{{signals_.fd(), POLLIN, 0}};
      for (auto* channel : joined_.all()) channel->watch(watched);
      if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) return;
      while (const int signo = signals_.take()) {
        if (signo == SIGTSTP) suspend(::getpid());
        if (std::find(kPassedOn.begin(), kPassedOn.end(), signo) == kPassedOn.end()) continue;
        ending_ = signo;
        killed_ = true;
        return;
      }
      for (auto* channel : joined_.all()) channel->move(watched);
    }
  }

  /// Handles the keys that were typed: the stop key is for us, all others are for the guest.
  void readKeys() {
    const std::string& keys = joined_.input.arrived();
    const auto stop = std::find_if(keys.begin(), keys.end(), [this](char c) { return terminal_.isStopKey(c); });
    const bool stops = stop != keys.end();
    joined_.input.pass(static_cast<std::size_t>(stop - keys.begin()), stops ? 1 : 0);
    if (stops) suspend(0);
  }

  void suspend(pid_t whom) {
    terminal_.leave();
    raiseDefault(SIGTSTP, whom);
    resume();
  }

  void resume() {
    if (ended_) return;
    if (joined_.keyboard) terminal_.enter();
    resize();
  }

  void resize() {
    if (!joined_.screen.ours) return;
    copySize(STDOUT_FILENO, joined_.screen.ours.get());
    send(SIGWINCH);  // also if the size is the same: after a stop the guest has to redraw its screen
  }

  void handle(int signo) {
    switch (signo) {
      case SIGCHLD: return reap();
      case SIGWINCH: return resize();
      case SIGTSTP: return suspend(::getpid());  // the others of our group have received it, too
      case SIGCONT: return resume();
      default: return ask(signo);
    }
  }

  /// Forwards a signal that may end the guest. Only the first Ctrl-C may take time (it may end a command of the guest's
  /// shell); after any other signal the guest is killed if it does not end within kGraceMs.
  void ask(int signo) {
    const bool again = ending_ != 0;
    if (signo == SIGHUP && ending_ == SIGHUP) return;
    ending_ = signo;
    send(signo);
    if ((again || signo != SIGINT) && !killed_) deadline_ = std::min(deadline_.value_or(INT64_MAX), now() + kGraceMs);
  }

  void kill() {
    if (killed_) return;
    killed_ = true;
    send(SIGKILL);
    deadline_ = now() + kGraceMs;
  }

  /// Does nothing after the guest was reaped: its pid may belong to another process.
  void send(int signo) const noexcept {
    if (!ended_) ::kill(guest_, signo);
  }

  void reap() {
    if (ended_) return;
    pid_t pid = 0;
    int status = 0;
    while ((pid = ::waitpid(guest_, &status, WNOHANG)) < 0 && errno == EINTR) continue;
    if (pid == 0) return;
    if (pid == guest_) status_ = status;
    ended_ = true;
  }

  static std::int64_t now() noexcept {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<std::int64_t>(time.tv_sec) * 1000 + time.tv_nsec / 1000000;
  }
  [[nodiscard]] int timeLeft() const noexcept {
    return deadline_ ? static_cast<int>(std::max<std::int64_t>(*deadline_ - now(), 0)) : -1;
  }

  Joined& joined_;
  RawTerminal& terminal_;
  const Signals& signals_;
  pid_t guest_;
  int status_ = SIGKILL;  // until it is reaped
  bool ended_ = false;
  bool killed_ = false;
  int ending_ = 0;
  std::optional<std::int64_t> deadline_;
};

}  // namespace

core::Expected<int> run(const Guest& guest, const Streams& streams) {
  auto joined = join(streams);
  if (!joined) return core::Err{std::move(joined).error()};
  RawTerminal terminal(STDIN_FILENO);
  int status = 0, ending = 0;
  {
    const Signals signals;
    if (signals.fd() < 0) return core::sysError("cannot wait for signals", errno);
    auto& guests = joined->guests;
    const auto started = start(guest, {guests[0].get(), guests[1].get(), guests[2].get()}, joined->screen.ours.valid());
    if (!started) return core::Err{started.error()};
    for (auto& one : guests) one.reset();
    Relay relay(*joined, terminal, signals, *started, streams.limitMs);
    relay.run();
    status = relay.status();
    ending = relay.wasKilled() || WIFSIGNALED(status) ? relay.ending() : 0;
  }
  // A shell that runs us in a loop ends the loop only if we die by the signal.
  if (ending != 0) raiseDefault(ending, ::getpid());
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace terminal
