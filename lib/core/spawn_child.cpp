// SPDX-License-Identifier: MIT
#include "lib/core/spawn_child.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/ioprio.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "lib/core/capabilities.hpp"
#include "lib/core/child.hpp"
#include "lib/core/family_mark.hpp"
#include "lib/core/proc_files.hpp"
#include "lib/core/spawn_words.hpp"

namespace core::spawning {
namespace {

void sayOnStderr(const char* text) noexcept { (void)!::write(STDERR_FILENO, text, ::strlen(text)); }

/// Supervisor writes this to the child's own standard error.
void explain(const SpawnSpec& spec, const SpawnError& error) noexcept {
  sayOnStderr("supervisor: ");
  tellFailure(
      spec, error, [](void*, const char* piece) { sayOnStderr(piece); }, nullptr);
  sayOnStderr("\nsupervisor: child process was not spawned\n");
}

[[noreturn]] void fail(Prepared& p, SpawnStep step, int code, int which = -1) noexcept {
  const SpawnError error{step, code, which};
  if (p.spec.explainOnStderr) explain(p.spec, error);
  if (p.sharesMemory) p.failure = error;
  if (p.report >= 0) {
    const Message message{true, error, 0};
    (void)!::write(p.report, &message, sizeof message);
  }
  ::_exit(127);
}

/// Puts the listed descriptors at 0..n-1 and closes all others but the report. They are closed here and not by exec:
/// once the child has another account's ids, that account may stop it, and a stopped child must hold nothing of its
/// parent's, such as a lock or a connection.
void arrangeDescriptors(Prepared& p) noexcept {
  if (p.keepBelow > 0 && ::close_range(p.keepBelow, ~0U, CLOSE_RANGE_UNSHARE) != 0)
    ::_exit(127);  // the table is still our parent's: nothing may be touched, not even to explain
  const int count = static_cast<int>(p.spec.descriptors.size());
  for (std::size_t i = 0; i < p.sources.size(); ++i) {
    if (p.sources[i] < 0) continue;
    p.sources[i] = ::fcntl(p.sources[i], F_DUPFD_CLOEXEC, count + 1);
    if (p.sources[i] < 0) fail(p, SpawnStep::Descriptors, errno);
  }
  if (p.report >= 0 && p.report < count) {
    const int moved = ::fcntl(p.report, F_DUPFD_CLOEXEC, count + 1);
    if (moved < 0) fail(p, SpawnStep::Descriptors, errno);
    p.report = moved;
  }
  for (std::size_t i = 0; i < p.sources.size(); ++i) {
    const int number = p.spec.descriptors[i].second;
    if (p.sources[i] < 0)
      ::close(number);
    else if (::dup2(p.sources[i], number) < 0)
      fail(p, SpawnStep::Descriptors, errno);
  }
  if (p.report > count) {
    if (::dup3(p.report, count, O_CLOEXEC) < 0) fail(p, SpawnStep::Descriptors, errno);
    p.report = count;
  }
  if (::close_range(static_cast<unsigned>(p.report >= 0 ? count + 1 : count), ~0U, 0) != 0)
    fail(p, SpawnStep::Descriptors, errno);
}

/// From here on the child may have another account's ids. That account may not trace it or read its memory, which is a
/// copy of its parent's; exec ends this. Not in a child that shares its parent's memory: the mark is on the memory.
void forbidTracing(const Prepared& p) noexcept {
  if (!p.sharesMemory) ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

constexpr const char* kOomScorePath = "/proc/self/oom_score_adj";

/// 0 or an errno.
int setOomScore(const char* text, std::size_t length) noexcept {
  const int fd = ::open(kOomScorePath, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  const int code = ::write(fd, text, length) < 0 ? errno : 0;
  ::close(fd);
  return code;
}

/// Adds to what was inherited. In the child, since it is the parent's value at the moment of the fork.
void raiseOomScore(int by) noexcept {
  char text[16];
  // Raising needs no privileges; with a read-only /proc it fails, which is ignored.
  const int fd = ::open(kOomScorePath, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  const ssize_t size = ::read(fd, text, sizeof text);
  int now = 0;
  if (size > 0 && std::from_chars(text, text + size, now).ec == std::errc() && now > -1000) {
    const auto end = std::to_chars(text, text + sizeof text, std::min(now + by, 1000)).ptr;
    (void)!::write(fd, text, static_cast<std::size_t>(end - text));
  }
  ::close(fd);
}

void applyOomScore(Prepared& p) noexcept {
  if (p.oomLength == 0) {
    if (p.spec.oomScoreRaise > 0) raiseOomScore(p.spec.oomScoreRaise);
    return;
  }
  const int code = setOomScore(p.oomScore.data(), p.oomLength);
  if (code == 0) return;
  if (!p.spec.oomScoreOptional) fail(p, SpawnStep::Limits, code);
  const char* const name = ::strerrorname_np(code);
  sayOnStderr("supervisor: couldn't set oom_score_adj: ");
  sayOnStderr(name != nullptr ? name : "EUNKNOWN");
  sayOnStderr(code == EACCES ? " (a value below that of supervisord needs root)\n" : "\n");
}

void applyLimits(Prepared& p) noexcept {
  const auto& spec = p.spec;
  applyOomScore(p);
  if (spec.nice && ::setpriority(PRIO_PROCESS, 0, *spec.nice) != 0) fail(p, SpawnStep::Nice, errno);
  if (spec.ioPriority && ::syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, *spec.ioPriority) != 0)
    fail(p, SpawnStep::IoPriority, errno);
  const auto maskSize = spec.processors.size() * sizeof(unsigned long);
  if (maskSize > 0 && ::syscall(SYS_sched_setaffinity, 0, maskSize, spec.processors.data()) != 0)
    fail(p, SpawnStep::Processors, errno);
  for (const auto& [resource, limit] : spec.limits)
    if (::setrlimit(static_cast<__rlimit_resource_t>(resource), &limit) != 0)
      fail(p, SpawnStep::Limits, errno, resource);
  // It fails only below a process that has a lower limit for no known reason: then the search has parents and sessions.
  if (spec.markedFrom) (void)family_mark::put(family_mark::of(::getpid(), *spec.markedFrom));
  if (spec.noNewPrivileges && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail(p, SpawnStep::Limits, errno);
}

void applySandbox(Prepared& p) noexcept {
  if (!p.spec.sandbox.wanted()) return;
  const auto [step, code, path] = enterSandbox(p.spec.sandbox);
  switch (step) {
    case SandboxError::Step::None: return;
    case SandboxError::Step::Namespace: fail(p, SpawnStep::Namespace, code);
    case SandboxError::Step::ReadOnly: fail(p, SpawnStep::ReadOnlyPath, code, path);
    case SandboxError::Step::PrivateTmp: fail(p, SpawnStep::PrivateTmp, code);
  }
}

/// The buffer is zero behind the name, and has room for any pid.
void writePid(Prepared& p) noexcept {
  if (p.pidAt > 0) std::to_chars(p.pidText.data() + p.pidAt, p.pidText.data() + p.pidText.size() - 1, ::getpid());
}

/// Where the kernel, or what filters its calls in a container, has no clone3.
void joinGroup(Prepared& p) noexcept {
  const int fd = ::openat(p.spec.cgroupFd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
  const int code = fd < 0 ? errno : ::write(fd, "0", 1) < 0 ? errno : 0;
  if (fd >= 0) ::close(fd);
  if (code != 0) fail(p, SpawnStep::ControlGroup, code);
}

}  // namespace

int childMain(void* argument) noexcept {
  auto& p = *static_cast<Prepared*>(argument);
  const auto& spec = p.spec;
  resetSignals();
  if (p.joinsGroup) joinGroup(p);
  arrangeDescriptors(p);
  if (spec.newSession ? ::setsid() < 0 : spec.newProcessGroup && ::setpgid(0, 0) != 0)
    fail(p, SpawnStep::Session, errno);
  applyLimits(p);
  if (p.report >= 0) {
    // Read here and not by the parent: once another account controls the process, reading its `stat` can block.
    const Message message{false, {}, proc::startTimeOf(proc::kSelf)};
    (void)!::write(p.report, &message, sizeof message);
  }
  applySandbox(p);
  if (spec.capabilities)
    if (const int code = prepareCapabilities(*spec.capabilities)) fail(p, SpawnStep::Capabilities, code);
  if (spec.identity) {
    forbidTracing(p);
    if (const int code = dropTo(*spec.identity)) fail(p, SpawnStep::Identity, code);
    forbidTracing(p);  // a change of ids sets it to the value of fs.suid_dumpable
  }
  if (spec.capabilities)
    if (const int code = becomeCapableOf(*spec.capabilities)) fail(p, SpawnStep::Capabilities, code);
  // After the change of user, which clears it.
  if (spec.parentDeathSignal) ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (!spec.directory.empty() && ::chdir(spec.directory.c_str()) != 0) fail(p, SpawnStep::Directory, errno);
  if (spec.umask) ::umask(*spec.umask);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  writePid(p);
  ::execve(spec.file.c_str(), p.argv.data(), p.envp.data());
  fail(p, SpawnStep::Exec, errno);
}

}  // namespace core::spawning
