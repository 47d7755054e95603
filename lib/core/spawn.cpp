// SPDX-License-Identifier: MIT
#include "lib/core/spawn.hpp"

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "lib/core/child.hpp"
#include "lib/core/clock.hpp"
#include "lib/core/spawn_child.hpp"

namespace core {
namespace {

using spawning::childMain;
using spawning::Message;
using spawning::Prepared;

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
