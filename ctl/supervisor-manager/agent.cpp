// SPDX-License-Identifier: MIT
#include "ctl/supervisor-manager/agent.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "lib/core/spawn.hpp"
#include "lib/core/unique_fd.hpp"

extern char** environ;

namespace manager {

namespace {

constexpr const char* kAgentFile = "/usr/bin/pkttyagent";

}  // namespace

pid_t startAgent() {
  if (::access(kAgentFile, X_OK) != 0) return -1;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return -1;
  const core::UniqueFd ready(ends[0]);
  core::UniqueFd notifying(ends[1]);
  core::SpawnSpec spec;
  spec.file = kAgentFile;
  spec.arguments = {"pkttyagent", "--notify-fd", "3", "--fallback", "--process", fmt::to_string(::getpid())};
  for (char** one = environ; *one; ++one) spec.environment.emplace_back(*one);
  spec.descriptors = {{STDIN_FILENO, 0}, {STDOUT_FILENO, 1}, {STDERR_FILENO, 2}, {notifying.get(), 3}};
  // A process of another group would be stopped by the terminal (SIGTTIN) when it reads the password.
  spec.newProcessGroup = false;
  spec.parentDeathSignal = true;
  const auto started = core::spawn(spec);
  notifying.reset();
  if (!started) return -1;
  // The agent closes its end once polkit knows it: a request before that would be denied without a question. The end is
  // also closed if the agent fails, so this does not wait endlessly.
  pollfd closed{ready.get(), POLLIN, 0};
  while (::poll(&closed, 1, -1) < 0 && errno == EINTR) {
  }
  return started.value();
}

void endAgent(pid_t agent) noexcept {
  if (agent <= 0) return;
  ::kill(agent, SIGTERM);
  while (::waitpid(agent, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace manager
