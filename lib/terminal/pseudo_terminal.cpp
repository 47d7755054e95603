// SPDX-License-Identifier: MIT
#include "lib/terminal/pseudo_terminal.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

namespace terminal {

core::Expected<PseudoTerminal> openLike(int model) {
  PseudoTerminal made;
  made.ours.reset(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
  if (!made.ours) return core::sysError("cannot make a pseudo-terminal", errno);
  if (::grantpt(made.ours.get()) != 0 || ::unlockpt(made.ours.get()) != 0)
    return core::sysError("cannot make a pseudo-terminal", errno);
  // Through the descriptor, not by its name: /dev/pts can be another mount in this namespace.
  made.theirs.reset(::ioctl(made.ours.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!made.theirs) return core::sysError("cannot open a pseudo-terminal", errno);
  termios settings{};
  if (::tcgetattr(model, &settings) == 0) static_cast<void>(::tcsetattr(made.theirs.get(), TCSANOW, &settings));
  copySize(model, made.ours.get());
  return made;
}

void copySize(int from, int to) noexcept {
  winsize size{};
  if (::ioctl(from, TIOCGWINSZ, &size) == 0) static_cast<void>(::ioctl(to, TIOCSWINSZ, &size));
}

bool isForeground(int fd) noexcept {
  const pid_t group = ::tcgetpgrp(fd);
  return group < 0 || group == ::getpgrp();
}

RawTerminal::RawTerminal(int fd) noexcept : fd_(fd), known_(::tcgetattr(fd, &before_) == 0) {}

void RawTerminal::enter() noexcept {
  if (!known_ || !isForeground(fd_)) return;
  termios raw = before_;
  ::cfmakeraw(&raw);
  entered_ = ::tcsetattr(fd_, TCSANOW, &raw) == 0;
}

void RawTerminal::leave() noexcept {
  if (!entered_) return;
  entered_ = false;
  if (isForeground(fd_)) static_cast<void>(::tcsetattr(fd_, TCSANOW, &before_));
}

bool RawTerminal::isStopKey(char c) const noexcept {
  const cc_t key = before_.c_cc[VSUSP];
  return known_ && (before_.c_lflag & ISIG) != 0 && key != _POSIX_VDISABLE && static_cast<cc_t>(c) == key;
}

}  // namespace terminal
