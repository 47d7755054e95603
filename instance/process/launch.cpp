// SPDX-License-Identifier: MIT
#include "instance/process/launch.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <iterator>

#include <fmt/core.h>

#include "instance/config/model.hpp"
#include "instance/process/attendants.hpp"
#include "instance/process/command.hpp"
#include "instance/process/foreign.hpp"
#include "instance/process/rights.hpp"
#include "instance/process/settings.hpp"
#include "lib/core/files.hpp"
#include "lib/core/spawn.hpp"
#include "lib/core/text.hpp"
#include "lib/core/users.hpp"

namespace process {
namespace {

/// Added to a program's oom_score_adj, in thousandths of the memory or limit: when memory runs out, the kernel then
/// kills a program before supervisord, which can start it again. The value is what systemd gives the services of a
/// session; a larger one would make the programs victims of other processes that leak on the host.
constexpr int kEasierVictim = 200;

/// Whether `entry` is "KEY=value" of this key.
bool isOf(std::string_view key, std::string_view entry) noexcept {
  return entry.starts_with(key) && entry.size() > key.size() && entry[key.size()] == '=';
}

void set(std::vector<std::string>& environment, std::string_view key, std::string_view value) {
  auto entry = fmt::format("{}={}", key, value);
  for (auto& other : environment) {
    if (!isOf(key, other)) continue;
    other = std::move(entry);
    return;
  }
  environment.push_back(std::move(entry));
}

struct Pipe {
  core::UniqueFd reader;
  core::UniqueFd writer;
  bool open() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return false;
    reader.reset(ends[0]);
    writer.reset(ends[1]);
    return true;
  }
  /// Reuses the pipe whose reading end is `old`, if there is one and it can be opened again for writing.
  bool open(int old) {
    if (old >= 0) writer.reset(::open(("/proc/self/fd/" + std::to_string(old)).c_str(), O_WRONLY | O_CLOEXEC));
    return writer.valid() || open();
  }
};

core::Err<std::string> pipeError(const std::string& name) {
  const int code = errno;
  if (code == EMFILE) return core::Err{fmt::format("too many open files to spawn {}", core::pythonRepr(name))};
  return core::Err{
      fmt::format("unknown error making dispatchers for {}: {}", core::pythonRepr(name), ::strerrorname_np(code))};
}

std::string forkError(const std::string& name, int code) {
  if (code == EAGAIN) return fmt::format("Too many processes in process table to spawn {}", core::pythonRepr(name));
  return fmt::format("unknown error during fork for {}: {}", core::pythonRepr(name), ::strerrorname_np(code));
}

/// Must not throw: the child exists by now, and would be lost.
std::string failureText(const core::SpawnSpec& spec, const core::SpawnError& failure) noexcept {
  try {
    return core::supervisorsWords(spec, failure);
  } catch (const std::exception&) {
    return "out of memory";  // short enough to need no allocation
  }
}

void unblock(const core::UniqueFd& fd) {
  if (fd) ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
}

/// Adds descriptors of the extras. The numbers between them stay closed.
void append(std::vector<std::pair<int, int>>& all, std::vector<std::pair<int, int>> extras) {
  std::sort(extras.begin(), extras.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  for (const auto& extra : extras) {
    while (static_cast<int>(all.size()) < extra.second) all.emplace_back(-1, static_cast<int>(all.size()));
    all.push_back(extra);
  }
}

}  // namespace

std::vector<std::string> childEnvironment(const config::ProcessConfig& config, const LaunchContext& around,
                                          const Variables& atStart) {
  std::vector<std::string> out;
  out.reserve(around.inherited.size() + config.environment.size() + 4);
  if (config.extension->surroundings.cleanEnvironment)
    std::copy_if(around.inherited.begin(), around.inherited.end(), std::back_inserter(out),
                 [](const std::string& entry) { return entry.starts_with("PATH="); });
  else
    out = around.inherited;
  if (around.extras != nullptr)
    for (const auto& key : around.extras->withheld) std::erase_if(out, [&](const auto& it) { return isOf(key, it); });
  set(out, "SUPERVISOR_ENABLED", "1");
  const auto& url = config.serverUrl ? *config.serverUrl : around.settings.serverUrl;
  if (!url.empty()) set(out, "SUPERVISOR_SERVER_URL", url);
  set(out, "SUPERVISOR_PROCESS_NAME", config.name);
  set(out, "SUPERVISOR_GROUP_NAME", around.group);
  for (const auto& [key, value] : config.environment) set(out, key, value);
  for (const auto& [key, value] : atStart) set(out, key, value);
  if (around.extras != nullptr)
    for (const auto& [key, value] : around.extras->environment) set(out, key, value);
  return out;
}

core::Result<core::SpawnSpec, std::string> childSpec(const config::ProcessConfig& config, Command command,
                                                     const LaunchContext& around) {
  auto identity = identityFor(config);
  if (!identity) return core::Err{std::move(identity).error()};
  auto atStart = startVariables(config);
  if (!atStart) return core::Err{std::move(atStart).error()};
  core::SpawnSpec spec;
  spec.file = std::move(command.file);
  spec.arguments = std::move(command.arguments);
  spec.environment = childEnvironment(config, around, *atStart);
  spec.identity = std::move(*identity);
  spec.directory = config.directory;
  spec.umask = config.umask;
  if (around.settings.fileLimit) spec.limits.emplace_back(RLIMIT_NOFILE, *around.settings.fileLimit);
  spec.oomScoreAdjust = config.oomScoreAdjust;
  spec.oomScoreRaise = kEasierVictim;
  spec.oomScoreOptional = true;
  if (config.extension.given())
    if (auto granted = grant(config, spec); !granted) return core::Err{std::move(granted).error()};
  spec.shareMemory = true;
  spec.explainOnStderr = true;
  return spec;
}

core::Result<Launched, std::string> launch(const config::ProcessConfig& config, Command command,
                                           const LaunchContext& around, int socket, const OldPipes& old) {
  auto made = childSpec(config, std::move(command), around);
  if (!made) return core::Err{std::move(made).error()};
  auto& spec = *made;
  Pipe in, out, err;
  if ((socket < 0 && !in.open()) || !out.open(old.out) || (!config.redirectStderr && !err.open(old.err)))
    return pipeError(config.name);
  // The last free descriptors are left for clients: without them nobody could connect to stop a program.
  if (core::isAmongTheLast(out.writer.get())) {
    errno = EMFILE;
    return pipeError(config.name);
  }

  if (around.extras != nullptr && !around.extras->pidVariable.empty()) {
    spec.pidVariable = around.extras->pidVariable;
    std::erase_if(spec.environment, [&](const auto& entry) { return isOf(spec.pidVariable, entry); });
  }
  spec.newSession = config.extension->stopping.ownSession();
  spec.descriptors = {{socket < 0 ? in.reader.get() : socket, STDIN_FILENO},
                      {out.writer.get(), STDOUT_FILENO},
                      {config.redirectStderr ? out.writer.get() : err.writer.get(), STDERR_FILENO}};
  if (around.extras != nullptr) {
    append(spec.descriptors, around.extras->descriptors);
    spec.cgroupFd = around.extras->cgroup;
    spec.markedFrom = around.extras->markedFrom;
    if (spec.markedFrom) std::erase_if(spec.limits, [](const auto& one) { return one.first == RLIMIT_LOCKS; });
  }
  Launched launched{0, std::move(in.writer), std::move(out.reader), std::move(err.reader), {}};
  if (around.beforeFork) spec.pidPlace = around.beforeFork(launched);
  const auto child = core::beginSpawn(spec);
  if (!child) return core::Err{forkError(config.name, child.error().code)};
  launched.pid = child->pid;
  if (child->failure) launched.failure = failureText(spec, *child->failure);
  unblock(launched.in);
  unblock(launched.out);
  unblock(launched.err);
  return launched;
}

std::string signalName(int signo) {
  if (const char* const name = ::sigabbrev_np(signo)) return std::string("SIG") + name;
  if (signo == SIGRTMIN) return "SIGRTMIN";
  if (signo == SIGRTMAX) return "SIGRTMAX";
  return fmt::format("signal {}", signo);
}

std::string describeWaitStatus(int status) {
  if (status == kStatusUnknown) return kUnknownEnd;
  if (WIFEXITED(status)) return fmt::format("exit status {}", WEXITSTATUS(status));
  if (WIFSIGNALED(status))
    return fmt::format("terminated by {}{}", signalName(WTERMSIG(status)), WCOREDUMP(status) ? " (core dumped)" : "");
  return fmt::format("unknown termination cause 0x{:04x}", status);
}

}  // namespace process
