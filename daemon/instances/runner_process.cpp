// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <new>
#include <utility>

#include "daemon/instances/failures.hpp"
#include "daemon/instances/fingerprint.hpp"
#include "daemon/instances/launch.hpp"
#include "daemon/instances/process_details.hpp"
#include "daemon/instances/runner.hpp"
#include "daemon/instances/signal_run.hpp"
#include "daemon/instances/sweeper.hpp"
#include "lib/core/log.hpp"
#include "lib/core/text.hpp"

/// The processes of an instance: from its start to what it left running.
namespace instances {
namespace {

/// What a process that was left over gets to end by itself.
constexpr auto kLeftoverGrace = core::seconds(10);
/// Before a start, one look at all processes serves the instances that start side by side. An end is always followed by
/// a look of its own, so that this one is never older than the end of the instance's own process.
constexpr auto kSnapshotAge = core::milliseconds(100);

/// For an owner's helper that removes two files.
constexpr auto kClearLimit = core::seconds(5);

core::Instant now() { return core::Clock::now(); }

/// Runs in a helper: what refuses everybody, or names a process that is gone, is removed.
std::string removeLeftovers(const std::string& socket, const std::string& pidFile) {
  struct stat info {};
  if (::lstat(socket.c_str(), &info) == 0 && S_ISSOCK(info.st_mode)) (void)::unlink(socket.c_str());
  if (::lstat(pidFile.c_str(), &info) == 0 && S_ISREG(info.st_mode)) (void)::unlink(pidFile.c_str());
  return {};
}

}  // namespace

/// Whatever happens, the machine gets its answer: without one the instance would stay in this phase.
core::Task<> Runner::prepare(Files files) {
  std::string obstacle;
  try {
    obstacle = co_await makeReady(files);
  } catch (const std::bad_alloc&) {
    obstacle = "not enough memory";
  }
  if (!obstacle.empty()) co_return act(machine_.prepareFailed(std::move(obstacle), now()));
  act(machine_.prepared(now()));
}

/// First nothing of an earlier copy may run any more, then the files are put in place. Returns why that failed.
core::Task<std::string> Runner::makeReady(Files files) {
  co_await sweepUp(kLeftoverGrace, kSnapshotAge);
  dropKept();  // of the programs of an earlier copy
  if (files == Files::Unknown) {
    const auto report = co_await deployFiles(layout::Mode::Apply);
    for (const auto& change : report.changes) log().info("instance '{}': {} {}", entry_.name, change.what, change.path);
    if (!report.errors.empty()) co_return core::join(report.errors, "; ");
  }
  if (auto deployed = fingerprintOf(entry_).text(); persistent_.deployed != deployed) {
    persistent_.deployed = std::move(deployed);  // an earlier attempt to apply the entry had failed
    (void)saveMemory();
  }
  co_await context_.pacer.turn(core::Pacer::Step::Last);  // what follows is a fork
  co_return std::string();
}

/// Ends what the instance left running. One that did not end by itself left a socket that refuses everybody and a pid
/// file of nobody: they are removed, by the owner's hands, before the end is reported. The result does not matter, and
/// there is little time for it.
core::Task<> Runner::clear() {
  const bool killed = machine_.result() == RunResult::Timeout;
  try {
    // What outlived a stop by force gets no second chance.
    co_await sweepUp(killed ? core::Duration::zero() : kLeftoverGrace, core::Duration::zero());
    dropKept();
    // An entry that was removed while no manager ran has no places; its run directory is removed as a whole.
    if (machine_.result() != RunResult::Success && !entry_.socksDir.empty()) {
      layout::OwnerTask::Work work = [socket = entry_.socketPath(), pidFile = entry_.pidFile()] {
        return removeLeftovers(socket, pidFile);
      };
      (void)co_await layout::runAsOwner(context_.loop, context_.reaper, identity(), std::move(work), kClearLimit);
    }
  } catch (const std::bad_alloc&) {
    log().error("instance '{}': not enough memory to end what it left running", entry_.name);
  }
  act(machine_.cleared(now()));
}

/// With `takeover` it gets what the copy left that crashed.
void Runner::spawn(bool takeover) {
  if (runsAs_ != uid()) notify_.reset();  // the earlier owner's
  runsAs_ = uid();
  LaunchOptions options{context_.supervisord, openNotify() ? notify_->path() : std::string(), persistent_.mark,
                        context_.privileged};
  auto spec = launchSpec(entry_, options);
  context_.limitFiles(spec);
  errors_ = makeErrorFile();
  const core::UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  spec.descriptors = {{null.get(), 0}, {null.get(), 1}, {errors_.get(), 2}};
  const auto left = takeover ? addKept(spec, keptForTakeover(), machine_.crash()) : 0;
  if (left > 0)
    log().warn("instance '{}': {} descriptors with long names cannot be handed on; their programs are ended",
               entry_.name, left);
  const auto group = context_.groups.prepare(entry_.name, entry_.limits, groupOwner(), !takeover);
  if (group.fd) spec.cgroupFd = group.fd.get();
  if (group.error != limitsError_ && !group.error.empty())
    log().warn("instance '{}' runs without (all of) its limits: {}", entry_.name, group.error);
  limitsError_ = group.error;
  if (!takeover) usage_.begin(context_, entry_.name);
  executable_ = executableAt(context_.supervisord);
  auto child = core::beginSpawn(spec);
  if (!child) {
    core::SpawnReport report;
    report.error = child.error();
    return onSpawned(report);
  }
  announcedEnd_ = toldRefused_ = toldFull_ = toldControllers_ = false;
  startTime_ = 0;  // told by the child
  if (!takeover) programs_.clear();
  statusText_.clear();
  watchMain(child->pid, openPidfd(child->pid), true);
  launch_ = std::make_unique<core::SpawnWatch>(context_.loop, std::move(*child),
                                               [this](const core::SpawnReport& report) { onSpawned(report); });
}

void Runner::onSpawned(const core::SpawnReport& report) {
  const auto launch = std::move(launch_);  // it calls this
  startTime_ = report.startTime;
  if (!report.error) return act(machine_.spawned(now()));
  // It has been killed. A process that hangs in the kernel ends later: nobody waits for it.
  forgetMain();
  act(machine_.spawnFailed(
      fmt::format("could not be started: {} as {}: {}: {}", context_.supervisord, entry_.owner.name,
                  core::toText(report.error->step), ::strerrordesc_np(report.error->code)),
      now()));
}

void Runner::watchMain(pid_t pid, core::UniqueFd pidfd, bool child) {
  pid_ = pid;
  pidfd_ = std::move(pidfd);
  hung_ = false;
  context_.reaper.watch(pid, [this](int status) { onExit(status); });
  // A process that an earlier manager started is not our child: only its descriptor reports its end.
  context_.mains[pid] = {runsAs_, child};
  if (pidfd_ && !child)
    exitWatch_ = std::make_unique<core::IoWatch>(context_.loop, pidfd_.get(), core::IoWatch::Read,
                                                 [this](auto) { onExit(std::nullopt); });
}

void Runner::onExit(std::optional<int> waitStatus) {
  if (launch_) launch_->check();  // its report comes before its end
  if (pid_ == 0) return;
  if (notify_) notify_->drain();
  Exit exit;
  if (waitStatus && WIFEXITED(*waitStatus)) exit = {Exit::Kind::Code, WEXITSTATUS(*waitStatus)};
  if (waitStatus && WIFSIGNALED(*waitStatus)) exit = {Exit::Kind::Signal, WTERMSIG(*waitStatus)};
  if (!waitStatus && announcedEnd_) exit = {Exit::Kind::Code, 0};
  if (!entry_.managed) machine_.release();
  // One that has announced its end has stopped its programs, whatever its status means.
  const bool orderly = announcedEnd_ && exit.kind == Exit::Kind::Code;
  const auto action = machine_.exited(exit, errorText(errors_), now(), !orderly && canBeTakenOver());
  forgetMain();
  if (action != Machine::Action::Clear) afterCrash();
  act(action);
}

/// Nobody waits for the main process any more.
void Runner::forgetMain() {
  context_.reaper.forget(pid_);
  context_.mains.erase(pid_);
  pid_ = 0;
  exitWatch_.reset();  // it looks at the descriptor
  pidfd_.reset();
  errors_.reset();
}

/// Without a descriptor the number will do, as long as the process is a child: then it is its own until it is reaped.
void Runner::signalMain(int signo) {
  if (pid_ > 0 && signalTo(pidfd_, signo) != 0 && !exitWatch_) ::kill(pid_, signo);
}

void Runner::killTree() {
  log().warn("instance '{}' did not stop in time: killing it and all its processes", entry_.name);
  if (context_.groups.kill(entry_.name)) return;
  // The main process first, so that it does not start others again; the rest when its end is seen.
  signalMain(SIGKILL);
}

ProcessMatcher Runner::matcher() const {
  ProcessMatcher matcher;
  matcher.uid = runsAs_;
  matcher.mainPid = pid_;
  matcher.groups = programs_.groups();
  // Without the main process, orphans of an account that has no other instance are this one's.
  if (pid_ == 0 && context_.privileged && runsAs_ == uid() && listener_.soleOf(matcher.uid)) {
    matcher.orphansOf = ::getpid();
    matcher.known = [this](pid_t pid) { return context_.reaper.watches(pid); };
  }
  return matcher;
}

uid_t Runner::uid() const { return context_.privileged ? entry_.identity.uid : ::geteuid(); }

std::optional<core::Identity> Runner::identity() const {
  return context_.privileged ? std::optional(entry_.identity) : std::nullopt;
}

/// Who divides the group of the instance among its programs.
GroupOwner Runner::groupOwner() const {
  if (!context_.privileged) return {};
  return {runsAs_, entry_.identity.gid};
}

ProcessFinder Runner::finder() {
  return {context_, ProcessFinder::Subject{entry_.name, persistent_.mark, [this] { return matcher(); }}};
}

core::Task<> Runner::sweepUp(core::Duration grace, core::Duration age) {
  auto search = finder();
  const auto find = [&search, next = age]() mutable {
    return search.find(std::exchange(next, core::Duration::zero()));
  };
  const auto swept = co_await sweep(context_.loop, find, grace);
  if (swept.ended > 0)
    log().warn("instance '{}': {} process{} left running ended", entry_.name, swept.ended,
               swept.ended == 1 ? "" : "es");
  if (swept.left > 0) log().error("instance '{}': {} processes cannot be ended", entry_.name, swept.left);
  programs_.clear();
}

core::Task<OperationResult> Runner::signalAll(KillWhom whom, int signo) {
  if (auto error = unmanaged()) co_return core::Err{std::move(*error)};
  if (signo < 1 || signo > SIGRTMAX)
    co_return failure(ErrorCode::InvalidArgument, fmt::format("{} is not a signal.", signo));
  if (pid_ == 0) co_return notRunning(entry_.name);
  auto search = finder();
  std::vector<FoundProcess> found;
  if (whom == KillWhom::All) found = co_await search.find(core::Duration::zero());
  std::vector<ProcessInfo> processes;
  for (const auto& one : found) processes.push_back(one.info);
  if (const auto main = pid_ > 0 ? lookAt(pid_) : std::nullopt) processes.push_back(*main);
  const int code = co_await signalAsOwner(context_, identity(), std::move(processes), signo);
  if (code == 0) co_return OperationResult();
  co_return failure(ErrorCode::OperationFailed, fmt::format("Instance '{}' cannot be signalled as its owner: {}.",
                                                            entry_.name, ::strerrordesc_np(code)));
}

}  // namespace instances
