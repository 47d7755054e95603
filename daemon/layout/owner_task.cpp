// SPDX-License-Identifier: MIT
#include "daemon/layout/owner_task.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "lib/core/files.hpp"

namespace layout {
namespace {

constexpr std::size_t kOutputLimit = 4 * 1024 * 1024;
/// The first byte of an answer: a helper that was killed while it wrote has none at the end.
constexpr char kComplete = '\0';

/// The life of the helper. It is a copy of the manager, so it lets nobody look into its memory.
[[noreturn]] void help(int output, const core::Identity* identity, const OwnerTask::Work& work, unsigned limit,
                       pid_t manager) noexcept {
  int code = 1;
  try {
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd < 3; ++fd) ::dup2(null, fd);
    ::dup3(output, 3, O_CLOEXEC);
    ::close_range(4, ~0U, 0);
    for (int signo = 1; signo < NSIG; ++signo) ::signal(signo, SIG_DFL);
    sigset_t empty;
    sigemptyset(&empty);
    ::sigprocmask(SIG_SETMASK, &empty, nullptr);
    ::alarm(limit);  // ends it also when the manager is gone
    ::umask(022);
    if (identity && core::dropTo(*identity) != 0) ::_exit(126);
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    // Its account may stop it, and an alarm does not end what is stopped.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (::getppid() != manager) ::_exit(126);
    const auto result = work() + kComplete;
    code = core::writeAll(3, result) == 0 ? 0 : 1;
  } catch (...) {
    code = 125;
  }
  ::_exit(code);
}

}  // namespace

OwnerTask::OwnerTask(core::EventLoop& loop, core::Reaper& reaper, const core::Identity* identity, const Work& work,
                     Done done, core::Duration limit)
    : reaper_(reaper),
      done_(std::move(done)),
      timer_(loop,
             [this] {
               finish(core::Err{core::Error{"the helper with the owner's ids took too long", ETIMEDOUT}});
             }),
      failed_(loop, [this] {
        finish(core::Err{core::Error{"a helper with the owner's ids cannot be started", EAGAIN}});
      }) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
    failed_.schedule();
    return;
  }
  pipe_.reset(ends[0]);
  const core::UniqueFd output(ends[1]);
  const int flags = ::fcntl(output.get(), F_GETFL);
  ::fcntl(output.get(), F_SETFL, flags & ~O_NONBLOCK);
  const auto seconds = static_cast<unsigned>(std::chrono::duration_cast<core::seconds>(limit).count());
  const pid_t manager = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) help(output.get(), identity, work, seconds + 1, manager);
  if (pid_ < 0) {
    failed_.schedule();
    return;
  }
  reaper_.watch(pid_, [this](int) { pid_ = -1; });
  watch_ = std::make_unique<core::IoWatch>(loop, pipe_.get(), core::IoWatch::Read, [this](auto) { onReadable(); });
  timer_.armIn(limit);
}

OwnerTask::~OwnerTask() { end(); }

void OwnerTask::end() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);  // a child that nobody reaped yet: the number is still its own
  reaper_.forget(pid_);
  pid_ = -1;
}

void OwnerTask::onReadable() {
  char buffer[16384];
  for (;;) {
    const auto n = ::read(pipe_.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) break;
    output_.append(buffer, static_cast<std::size_t>(n));
    if (output_.size() > kOutputLimit) break;
  }
  if (output_.empty() || output_.back() != kComplete)
    return finish(core::Err{core::Error{"the helper with the owner's ids was ended before its work was done", EPIPE}});
  output_.pop_back();
  finish(std::move(output_));
}

void OwnerTask::finish(core::Expected<std::string> result) {
  timer_.disarm();
  watch_.reset();
  end();
  auto done = std::move(done_);
  done(std::move(result));  // may destroy this task
}

core::Task<core::Expected<std::string>> runAsOwner(core::EventLoop& loop, core::Reaper& reaper,
                                                   std::optional<core::Identity> identity, OwnerTask::Work work,
                                                   core::Duration limit) {
  std::optional<OwnerTask> helper;
  co_return co_await core::completes<core::Expected<std::string>>([&](OwnerTask::Done done) {
    helper.emplace(loop, reaper, identity ? &*identity : nullptr, work, std::move(done), limit);
  });
}

}  // namespace layout
