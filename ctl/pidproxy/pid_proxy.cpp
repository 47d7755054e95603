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
  std::string text = "pidproxy -- run a command, and forward signals to the process whose pid is in a file.\n\nUsage: ";
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

/// Forwards `signal`. Returns the exit status if pidproxy has to exit.
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
  // Supervisor's pidproxy does not wait for the process either: supervisord sees the stop as soon as this exits.
  if (signal == SIGTERM || signal == SIGINT || signal == SIGQUIT) return 0;
  return std::nullopt;
}

/// Starts the command with the signal mask that pidproxy was started with. -1: fork failed.
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

/// Reaps all children that have ended, and returns whether `pid` is one of them. One SIGCHLD can mean several of them.
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
  // As in Supervisor: PATH is not searched, and a relative command starts in the current directory.
  const std::string file = core::absolutePath(words[2], core::currentDirectory());

  // Blocked signals stay pending until sigwait(), so none is lost while another one is handled.
  sigset_t signals, before;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGCHLD);
  for (const int signal : kForwarded) ::sigaddset(&signals, signal);
  ::sigprocmask(SIG_BLOCK, &signals, &before);
  ::signal(SIGCHLD, SIG_DFL);  // a parent that ignores it would hide the end of our child
  // A shell ignores SIGINT and SIGQUIT for a background job, and the command would inherit that. Supervisor's pidproxy
  // installs handlers, which exec resets to the default.
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
