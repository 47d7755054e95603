// SPDX-License-Identifier: MIT
#include "ctl/pidproxy/pid_proxy.hpp"

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>

#include "lib/core/files.hpp"
#include "lib/core/text.hpp"

namespace pidproxy {
namespace {

constexpr std::array<int, 6> kForwarded{SIGTERM, SIGHUP, SIGINT, SIGUSR1, SIGUSR2, SIGQUIT};
constexpr std::size_t kPidFileLimit = 4096;

int usage(std::string_view program) {
  std::string text =
      "pidproxy -- run a command, and hand the signals that arrive here on to the process\n"
      "whose pid stands in a file.\n\nUsage: ";
  text += program;
  text += " <pidfile name> <command> [<cmdarg1> ...]\n\n";
  static_cast<void>(core::writeAll(STDOUT_FILENO, text));
  return 1;
}

void say(const std::string& text) { static_cast<void>(core::writeAll(STDOUT_FILENO, text + '\n')); }

std::optional<pid_t> readPid(const std::string& file) {
  const auto content = core::readFile(file, kPidFileLimit);
  if (!content) return std::nullopt;
  const auto number = core::parseInteger(core::trim(*content));
  if (!number || *number > std::numeric_limits<pid_t>::max() || *number < std::numeric_limits<pid_t>::min())
    return std::nullopt;
  return static_cast<pid_t>(*number);
}

/// Hands `signal` on. The exit status, if that is the end of us.
std::optional<int> forward(const std::string& pidFile, int signal) {
  const auto pid = readPid(pidFile);
  if (!pid) {
    say("Can't read child pidfile " + pidFile + '!');
    return std::nullopt;
  }
  if (::kill(*pid, signal) != 0) {
    std::fprintf(stderr, "pidproxy: cannot send SIG%s to %d (from %s): %s\n", ::sigabbrev_np(signal),
                 static_cast<int>(*pid), pidFile.c_str(), ::strerrordesc_np(errno));
    return 1;
  }
  if (signal == SIGTERM || signal == SIGINT || signal == SIGQUIT) return 0;
  return std::nullopt;
}

/// Starts the command with the signal mask that we were started with. -1: no process can be made.
pid_t start(const std::string& file, const std::vector<std::string>& words, const sigset_t& mask) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  ::execv(file.c_str(), arguments.data());
  ::_exit(127);
}

/// True when the child `pid` is among those that have ended; every one is reaped.
bool hasEnded(pid_t pid) {
  bool ended = false;
  for (pid_t reaped; (reaped = ::waitpid(-1, nullptr, WNOHANG)) > 0;) ended = ended || reaped == pid;
  return ended;
}

}  // namespace

int run(const std::vector<std::string>& words) {
  const std::string program = words.empty() ? "pidproxy" : words.front();
  if (words.size() < 3) return usage(program);
  const std::string& pidFile = words[1];
  // No search of PATH: the command stands against the directory we were started in.
  const std::string file = core::absolutePath(words[2], core::currentDirectory());

  // Blocked and waited for, no signal is lost between two looks.
  sigset_t signals, before;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGCHLD);
  for (const int signal : kForwarded) ::sigaddset(&signals, signal);
  ::sigprocmask(SIG_BLOCK, &signals, &before);
  ::signal(SIGCHLD, SIG_DFL);  // a parent that ignores it would hide the end of our child
  // What a shell's background ignores the command shall hear, as it does behind Supervisor's.
  for (const int signal : kForwarded) ::signal(signal, SIG_DFL);

  const pid_t child = start(file, {words.begin() + 2, words.end()}, before);
  if (child < 0) {
    std::perror("pidproxy: fork");
    return 1;
  }
  for (;;) {
    int signal = 0;
    if (::sigwait(&signals, &signal) != 0) continue;
    if (signal != SIGCHLD) {
      if (const auto status = forward(pidFile, signal)) return *status;
    } else if (hasEnded(child)) {
      return 0;
    }
  }
}

}  // namespace pidproxy
