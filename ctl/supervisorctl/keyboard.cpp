// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/keyboard.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "lib/core/files.hpp"

namespace ctl {
namespace {

/// Switches the echo of a terminal off until the end of the scope.
class SilentTerminal {
 public:
  explicit SilentTerminal(int fd) : fd_(fd) {
    if (::tcgetattr(fd_, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = ::tcsetattr(fd_, TCSAFLUSH, &silent) == 0;
  }
  ~SilentTerminal() {
    if (changed_) static_cast<void>(::tcsetattr(fd_, TCSAFLUSH, &before_));
  }
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;

 private:
  int fd_;
  termios before_{};
  bool changed_ = false;
};

}  // namespace

Interrupt::Interrupt() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGINT);
  ::sigprocmask(SIG_BLOCK, &signals, &previous_);
  fd_.reset(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
}

Interrupt::~Interrupt() {
  // Drop a second Ctrl-C for the same wait: pending, it would end the next command.
  signalfd_siginfo info{};
  while (::read(fd_.get(), &info, sizeof info) > 0) continue;
  ::sigprocmask(SIG_SETMASK, &previous_, nullptr);
}

Interrupt::Woken Interrupt::wait(int input, int milliseconds) const {
  std::array<pollfd, 2> watched{{{fd_.get(), POLLIN, 0}, {input, POLLIN, 0}}};
  const int ready = ::poll(watched.data(), watched.size(), milliseconds);
  if (ready < 0) return errno == EINTR ? Woken::Input : Woken::Interrupted;
  if (ready == 0) return Woken::TimedOut;
  return (watched[0].revents != 0) ? Woken::Interrupted : Woken::Input;
}

std::optional<std::string> Keyboard::takeLine() {
  const std::size_t end = buffer_.find('\n');
  if (end == std::string::npos) return std::nullopt;
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  return line;
}

bool Keyboard::fill() {
  std::array<char, 4096> bytes;
  const ssize_t count = ::read(STDIN_FILENO, bytes.data(), bytes.size());
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  if (count <= 0) return false;
  buffer_.append(bytes.data(), static_cast<std::size_t>(count));
  return true;
}

std::string Keyboard::takeRest() { return std::exchange(buffer_, {}); }

ReadResult Keyboard::readLine(std::string_view prompt, std::string& line) {
  static_cast<void>(core::writeAll(STDOUT_FILENO, prompt));
  const Interrupt interrupt;
  for (;;) {
    if (auto found = takeLine()) {
      line = std::move(*found);
      return ReadResult::Line;
    }
    if (interrupt.wait(STDIN_FILENO) == Interrupt::Woken::Interrupted) return ReadResult::Interrupted;
    if (!fill()) {
      line = takeRest();
      return line.empty() ? ReadResult::End : ReadResult::Line;
    }
  }
}

ReadResult Keyboard::readPassword(std::string_view prompt, std::string& password) {
  const core::UniqueFd terminal(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal) return readLine(prompt, password);
  static_cast<void>(core::writeAll(terminal.get(), prompt));
  const Interrupt interrupt;
  const SilentTerminal silent(terminal.get());
  std::array<char, 1024> bytes;
  if (interrupt.wait(terminal.get()) == Interrupt::Woken::Interrupted) return ReadResult::Interrupted;
  const ssize_t count = ::read(terminal.get(), bytes.data(), bytes.size());
  static_cast<void>(core::writeAll(terminal.get(), "\n"));
  if (count <= 0) return ReadResult::End;
  password.assign(bytes.data(), static_cast<std::size_t>(count));
  if (password.ends_with('\n')) password.pop_back();
  return ReadResult::Line;
}

}  // namespace ctl
