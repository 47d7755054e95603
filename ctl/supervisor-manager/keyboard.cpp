// SPDX-License-Identifier: MIT
#include "ctl/supervisor-manager/keyboard.hpp"

#include <poll.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "lib/core/clock.hpp"

namespace manager {

namespace {

// Global, because signal handlers restore them: `raw` are ours.
termios shellSettings;
termios raw;

constexpr int kEnds[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

void handle(int signo, void (*handler)(int)) noexcept {
  struct sigaction action {};
  action.sa_handler = handler;
  ::sigaction(signo, &action, nullptr);
}

/// Executes the default action of the signal immediately. The signal is blocked inside its own handler, so it is
/// unblocked here.
void raiseDefault(int signo) noexcept {
  handle(signo, SIG_DFL);
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, signo);
  ::raise(signo);
  ::sigprocmask(SIG_UNBLOCK, &one, nullptr);
}

void onEnd(int signo) {
  ::tcsetattr(STDIN_FILENO, TCSANOW, &shellSettings);
  raiseDefault(signo);
}

void onStop(int signo) {
  const int kept = errno;
  ::tcsetattr(STDIN_FILENO, TCSANOW, &shellSettings);
  raiseDefault(signo);  // returns after SIGCONT
  handle(signo, onStop);
  ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  errno = kept;
}

/// SIGSTOP has no handler: the shell has changed the terminal since then.
void onContinue(int) {
  const int kept = errno;
  ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  errno = kept;
}

}  // namespace

Keyboard::Keyboard() {
  if (::tcgetattr(STDIN_FILENO, &shellSettings) != 0) return;
  raw = shellSettings;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);  // without ISIG: Ctrl-C and Ctrl-Z still send signals
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  for (const int signo : kEnds) handle(signo, onEnd);
  handle(SIGTSTP, onStop);
  handle(SIGCONT, onContinue);
  active_ = ::tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

Keyboard::~Keyboard() {
  if (active_) ::tcsetattr(STDIN_FILENO, TCSANOW, &shellSettings);
  for (const int signo : kEnds) handle(signo, SIG_DFL);
  handle(SIGTSTP, SIG_DFL);
  handle(SIGCONT, SIG_DFL);
}

bool Keyboard::quitWithin(int milliseconds) {
  const auto end = core::Clock::now() + core::milliseconds(milliseconds);
  for (;;) {
    const auto left = std::chrono::ceil<core::milliseconds>(end - core::Clock::now()).count();
    if (left <= 0) return false;
    pollfd keys{STDIN_FILENO, POLLIN, 0};
    if (::poll(&keys, active_ ? 1 : 0, static_cast<int>(left)) <= 0) continue;
    char pressed = 0;
    const auto n = ::read(STDIN_FILENO, &pressed, 1);
    if (n == 1 && (pressed == 'q' || pressed == 'Q')) return true;
    if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) active_ = false;  // hung up
  }
}

}  // namespace manager
