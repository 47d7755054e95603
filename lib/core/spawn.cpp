// SPDX-License-Identifier: MIT
#include "lib/core/spawn.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/ioprio.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "lib/core/capabilities.hpp"
#include "lib/core/child.hpp"
#include "lib/core/clock.hpp"
#include "lib/core/proc_files.hpp"
#include "lib/core/spawn_words.hpp"

namespace core {
namespace {

/// What the child needs, in plain memory: pointers into the spec, made before the fork.
struct Prepared {
  const SpawnSpec& spec;
  std::vector<char*> argv;
  std::vector<char*> envp;
  std::array<char, 64> pidText{};  // "NAME=", and the pid, which the child writes
  std::size_t pidAt = 0;           // 0: there is none
  std::array<char, 16> oomScore{};
  std::size_t oomLength = 0;
  std::vector<int> sources;  // the descriptors to pass on, as numbers in the child before they are arranged
  int report = -1;           // CLOEXEC pipe for the failed step
  unsigned keepBelow = 0;    // the child shares our table of descriptors and leaves it, taking those below along
  bool sharesMemory = false;
  bool joinsGroup = false;  // the child enters its control group itself
  SpawnError failure{};     // set by a child that shares our memory; code 0: nothing failed
};

/// What the child writes to its report pipe: one message before it drops its rights, and one if a step fails.
struct Message {
  bool failed = false;
  SpawnError error;
  std::uint64_t startTime = 0;
};

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

/// How long spawn() waits for the child's exec.
constexpr int kReportWaitMs = 1000;

/// The child's stack when it shares our memory; one is enough, as the parent waits for exec.
char* childStack() {
#ifdef __SANITIZE_ADDRESS__
  return nullptr;  // ASan's marks of one child look like an overflow in the next: fork instead
#else
  constexpr std::size_t size = 64 * 1024;
  static char* const kTop = [] {
    void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    return memory == MAP_FAILED ? nullptr : static_cast<char*>(memory) + size;
  }();
  return kTop;
#endif
}

/// Low descriptor numbers kept for what children get. A child copies the table up to the highest number it needs: with
/// these, starting one costs the same with ten and with ten thousand descriptors open here.
class Slots {
 public:
  static constexpr std::size_t kCount = 4;

  Slots() : null_(::open("/dev/null", O_RDWR | O_CLOEXEC)) {
    for (auto& slot : fds_) slot.reset(::fcntl(null_.get(), F_DUPFD_CLOEXEC, 3));
  }
  [[nodiscard]] bool usable() const noexcept { return fds_.back().valid(); }
  [[nodiscard]] unsigned end() const noexcept { return static_cast<unsigned>(fds_.back().get()) + 1; }
  /// Puts `fd` into a slot; returns its number.
  int fill(std::size_t i, int fd) noexcept { return ::dup3(fd, fds_[i].get(), O_CLOEXEC); }
  /// Closes what was put into the first `used` slots.
  void clear(std::size_t used) noexcept {
    for (std::size_t i = 0; i < used; ++i) ::dup3(null_.get(), fds_[i].get(), O_CLOEXEC);
  }

 private:
  UniqueFd null_;
  std::array<UniqueFd, kCount> fds_;
};

/// As fork(2), into a control group. The kernel writes the pid to `place`, if there is one, before the child runs.
pid_t forkIntoCgroup(int cgroupFd, pid_t* place) noexcept {
  clone_args arguments{};
  arguments.flags = CLONE_INTO_CGROUP | (place != nullptr ? CLONE_PARENT_SETTID : 0);
  arguments.parent_tid = reinterpret_cast<__u64>(place);
  arguments.exit_signal = SIGCHLD;
  arguments.cgroup = static_cast<__u64>(cgroupFd);
  return static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
}

/// Starts the child in our memory and, if its descriptors fit into the slots, with our table of descriptors.
pid_t startSharing(Prepared& p, char* stack) {
  pid_t* const place = p.spec.pidPlace;
  const int flags = CLONE_VM | CLONE_VFORK | SIGCHLD | (place != nullptr ? CLONE_PARENT_SETTID : 0);
  static Slots slots;
  const std::size_t used = p.sources.size() + (p.report >= 0 ? 1 : 0);
  if (!slots.usable() || used > Slots::kCount) return ::clone(childMain, stack, flags, &p, place);
  for (std::size_t i = 0; i < p.sources.size(); ++i)
    if (p.sources[i] >= 0) p.sources[i] = slots.fill(i, p.sources[i]);
  if (p.report >= 0) p.report = slots.fill(used - 1, p.report);
  p.keepBelow = slots.end();
  const pid_t pid = ::clone(childMain, stack, flags | CLONE_FILES, &p, place);
  const int code = errno;
  slots.clear(used);
  errno = code;
  return pid;
}

/// As fork(2). The kernel writes the pid to `place`, if there is one, before the child runs.
pid_t forkNoting(pid_t* place) noexcept {
  const long flags = SIGCHLD | (place != nullptr ? CLONE_PARENT_SETTID : 0);
  return static_cast<pid_t>(::syscall(SYS_clone, flags, nullptr, place, nullptr, nullptr));
}

/// Forks in the way the spec asks for; the child runs childMain. Returns the pid, or -1 with errno.
pid_t start(Prepared& p) {
  if (p.sharesMemory) return startSharing(p, childStack());
  pid_t pid = -1;
  if (p.spec.cgroupFd >= 0) pid = forkIntoCgroup(p.spec.cgroupFd, p.spec.pidPlace);
  p.joinsGroup = p.spec.cgroupFd >= 0 && pid < 0 && errno == ENOSYS;
  if (p.spec.cgroupFd < 0 || p.joinsGroup) pid = forkNoting(p.spec.pidPlace);
  if (pid == 0) childMain(&p);
  return pid;
}

void preparePid(Prepared& p) {
  const auto& name = p.spec.pidVariable;
  if (name.empty() || name.size() + 16 > p.pidText.size()) return;
  std::copy(name.begin(), name.end(), p.pidText.begin());
  p.pidText[name.size()] = '=';
  p.pidAt = name.size() + 1;
  p.envp.insert(p.envp.end() - 1, p.pidText.data());
}

/// What the child reports until its exec, or for `patience`.
SpawnReport awaitReport(const UniqueFd& pipe, std::optional<milliseconds> patience) {
  const auto end = Clock::now() + patience.value_or(milliseconds(0));
  SpawnReport report;
  for (;;) {
    readReport(pipe.get(), report);
    const auto left = std::chrono::ceil<milliseconds>(end - Clock::now()).count();
    if (report.complete || (patience && left <= 0)) return report;
    pollfd readable{pipe.get(), POLLIN, 0};
    (void)::poll(&readable, 1, patience ? static_cast<int>(left) : -1);
  }
}

}  // namespace

Result<Spawned, SpawnError> beginSpawn(const SpawnSpec& spec) {
  Prepared p{spec, argumentPointers(spec.arguments), argumentPointers(spec.environment), {}, 0, {}, 0, {}, -1};
  // The account of a child may stop it before its exec: we must not wait in the kernel for another account's.
  p.sharesMemory = spec.shareMemory && !spec.identity && spec.cgroupFd < 0 && childStack();
  for (const auto& [here, there] : spec.descriptors) p.sources.push_back(here);
  preparePid(p);
  if (spec.oomScoreAdjust) {
    const auto text = std::to_string(*spec.oomScoreAdjust);
    p.oomLength = std::min(text.size(), p.oomScore.size());
    std::copy_n(text.data(), p.oomLength, p.oomScore.data());
  }
  UniqueFd readEnd, writeEnd;
  if (!spec.explainOnStderr || !p.sharesMemory) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return Err{SpawnError{SpawnStep::Fork, errno}};
    readEnd.reset(ends[0]);
    writeEnd.reset(ends[1]);
    p.report = writeEnd.get();
  }

  // No signal may run a handler of ours in the child.
  sigset_t all, before;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &before);
  const pid_t pid = start(p);
  const int code = errno;
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return Err{SpawnError{SpawnStep::Fork, code}};
  Spawned child{pid, std::move(readEnd), std::nullopt};
  if (!spec.explainOnStderr) return child;
  writeEnd.reset();
  if (p.sharesMemory) {
    if (p.failure.code) child.failure = p.failure;
    return child;
  }
  const auto patience = spec.identity ? std::optional(milliseconds(kReportWaitMs)) : std::nullopt;
  const auto report = awaitReport(child.report, patience);
  child.failure = report.error;
  if (!report.complete) {
    ::kill(pid, SIGKILL);
    child.failure = SpawnError{SpawnStep::Time, ETIMEDOUT};
  }
  child.report.reset();
  return child;
}

void readReport(int report, SpawnReport& soFar) noexcept {
  while (!soFar.complete) {
    Message message;
    const auto n = ::read(report, &message, sizeof message);  // written in one piece, and read in one
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n == static_cast<ssize_t>(sizeof message) && !message.failed) {
      soFar.startTime = message.startTime;
      continue;
    }
    soFar.complete = true;  // a failure, or the end: exec has closed the pipe
    if (n == static_cast<ssize_t>(sizeof message)) soFar.error = message.error;
  }
}

Result<pid_t, SpawnError> spawn(const SpawnSpec& spec) {
  auto begun = beginSpawn(spec);
  if (!begun) return Err{begun.error()};
  if (!begun->report) return begun->pid;
  const SpawnReport report = awaitReport(begun->report, milliseconds(kReportWaitMs));
  if (report.complete && !report.error) return begun->pid;
  ::kill(begun->pid, SIGKILL);
  // SIGKILL ends it soon, unless it hangs in the kernel: it is then left to the reaper of this process.
  for (int i = 0; i < 100 && ::waitpid(begun->pid, nullptr, WNOHANG) == 0; ++i) ::usleep(1000);
  return Err{report.error.value_or(SpawnError{SpawnStep::Time, ETIMEDOUT})};
}

}  // namespace core
