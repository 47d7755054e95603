// SPDX-License-Identifier: MIT
#include "daemon/instances/runner.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "daemon/instances/fingerprint.hpp"
#include "daemon/instances/launch.hpp"
#include "daemon/instances/process_details.hpp"
#include "daemon/layout/owner_task.hpp"
#include "daemon/layout/tree.hpp"
#include "lib/core/log.hpp"
#include "lib/core/text.hpp"

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

}  // namespace

Runner::Runner(InstanceContext& context, Listener& listener, entries::Entry entry)
    : context_(context),
      listener_(listener),
      entry_(std::move(entry)),
      persistent_(context.statePath(entry_.name)),
      recordFile_(
          context.retries, [this] { return makeRecord().write(context_.recordPath(entry_.name)); },
          [this](const auto& obstacle) { onUnwritten(context_.recordPath(entry_.name), obstacle); }),
      stateFile_(
          context.retries,
          [this] {
            persistent_.places = entry_.places();
            return persistent_.save();
          },
          [this](const auto& obstacle) { onUnwritten(context_.statePath(entry_.name), obstacle); }),
      machine_(context.rules),
      timer_(context.loop, [this] { act(machine_.expire(now())); }),
      record_(Record::read(context.recordPath(entry_.name))),
      runsAs_(record_ ? record_->uid : uid()),
      sinceWall_(core::wallMicros()) {
  persistent_.load();
  persistent_.onUnsaved([this] { (void)saveMemory(); });
}

Runner::~Runner() {
  if (pid_ > 0) context_.reaper.forget(pid_);
}

void Runner::act(Machine::Action action) {
  switch (action) {
    case Machine::Action::None: break;
    case Machine::Action::Prepare:
      settleWaiters(true);  // before what starts next is decided: who is answered may change it
      if (machine_.phase() == Machine::Phase::Preparing) prepare();
      break;
    case Machine::Action::Spawn: spawn(); break;
    case Machine::Action::Terminate: terminate(); break;
    case Machine::Action::KillTree: killTree(); break;
    case Machine::Action::Abandon:
      log().error("instance '{}' {} (pid {})", entry_.name, machine_.explanation(), pid_);
      hung_ = true;
      forgetMain();
      [[fallthrough]];
    case Machine::Action::Clear:
      // What outlived a stop by force gets no second chance.
      sweep(machine_.result() == "timeout" ? core::Duration::zero() : kLeftoverGrace, core::Duration::zero(),
            [this] { clearSocket(); });
      break;
  }
  afterStep();
}

/// Nothing of the instance runs any more. One that did not end by itself left a socket that refuses everybody and a pid
/// file of nobody: they go, by the owner's hands, before the end is told. That they stay is no reason to wait for long.
void Runner::clearSocket() {
  // An entry that was taken away while no manager ran tells no places; its run directory goes as a whole.
  if (machine_.result() == "success" || entry_.socksDir.empty()) return act(machine_.cleared(now()));
  const auto work = [socket = entry_.socketPath(), pidFile = entry_.pidFile()] {
    struct stat info {};
    if (::lstat(socket.c_str(), &info) == 0 && S_ISSOCK(info.st_mode)) (void)::unlink(socket.c_str());
    if (::lstat(pidFile.c_str(), &info) == 0 && S_ISREG(info.st_mode)) (void)::unlink(pidFile.c_str());
    return std::string();
  };
  clearing_ = std::make_unique<layout::OwnerTask>(
      context_.loop, context_.reaper, context_.privileged ? &entry_.identity : nullptr, work,
      [this](const core::Expected<std::string>&) { act(machine_.cleared(now())); }, kClearLimit);
}

/// After every input: the timer, the record, who waits, who listens.
void Runner::afterStep() {
  if (const auto deadline = machine_.deadline())
    timer_.arm(*deadline);
  else
    timer_.disarm();
  if (machine_.phase() != seenPhase_) {
    seenPhase_ = machine_.phase();
    sinceWall_ = core::wallMicros();
    usageAt_ = {};
    writeRecord();
    if (seenPhase_ == Machine::Phase::Running) log().info("instance '{}' runs (pid {})", entry_.name, pid_);
    if (seenPhase_ == Machine::Phase::Waiting) log().warn("instance '{}' {}", entry_.name, machine_.explanation());
    if (seenPhase_ == Machine::Phase::Failed) log().error("instance '{}' {}", entry_.name, machine_.explanation());
    if (seenPhase_ == Machine::Phase::Inactive) log().info("instance '{}' is stopped", entry_.name);
  }
  settleWaiters();
  listener_.changed(*this);
}

OperationResult Runner::outcomeOfStop() const {
  if (!hung_) return {};
  return core::Err{
      ManagerError{ErrorCode::OperationFailed, fmt::format("Instance '{}' {}.", entry_.name, machine_.explanation())}};
}

void Runner::settleWaiters(bool ended) {
  using Phase = Machine::Phase;
  const auto phase = machine_.phase();
  std::vector<std::pair<Done, OperationResult>> ready;
  for (auto it = waiters_.begin(); it != waiters_.end();) {
    std::optional<OperationResult> outcome;
    if (it->wish == Wish::Stop) {
      if (ended || phase == Phase::Inactive || phase == Phase::Failed || phase == Phase::Waiting)
        outcome.emplace(outcomeOfStop());
    } else if (phase == Phase::Running) {
      outcome.emplace();
    } else if (phase == Phase::Waiting || phase == Phase::Failed) {
      outcome.emplace(core::Err{ManagerError{ErrorCode::OperationFailed,
                                             fmt::format("Instance '{}' {}.", entry_.name, machine_.explanation())}});
    } else if (!machine_.wanted()) {
      outcome.emplace(core::Err{
          ManagerError{ErrorCode::InstanceBusy, fmt::format("Instance '{}' was stopped meanwhile.", entry_.name)}});
    }
    if (!outcome) {
      ++it;
      continue;
    }
    ready.emplace_back(std::move(it->done), std::move(*outcome));
    it = waiters_.erase(it);
  }
  for (auto& [done, outcome] : ready) done(std::move(outcome));
}

core::Expected<layout::Plan> Runner::makePlan() const {
  std::optional<std::string> own;
  if (!entry_.confTemplate.empty()) {
    const auto tree =
        layout::Tree::open(context_.places.root, ::geteuid(), context_.privileged ? &entry_.identity : nullptr);
    if (!tree) return core::Err{tree.error()};
    auto text = tree->read(entry_.confTemplate, 1024 * 1024);
    if (!text) return core::Err{core::Error{fmt::format("conf_file_src: {}", text.error().text), text.error().code}};
    own = std::move(*text);
  }
  return layout::planFor(entry_, context_.places, own);
}

/// First nothing of an earlier copy may run any more, then the files are put in place.
void Runner::prepare() {
  sweep(kLeftoverGrace, kSnapshotAge, [this] {
    auto plan = makePlan();
    if (!plan) return act(machine_.prepareFailed(plan.error().text, now()));
    auto gone = persistent_.replaceGenerated(*plan, entry_.refusedDeclared);
    plan->nodes.insert(plan->nodes.begin(), gone.begin(), gone.end());
    (void)saveMemory();
    deployment_ = std::make_unique<layout::Deployment>(
        context_.loop, context_.reaper,
        layout::Deployment::Options{context_.places.root, context_.privileged, layout::Mode::Apply});
    deployment_->run(std::move(*plan), [this](const layout::Report& report) { onPrepared(report); });
  });
}

void Runner::onPrepared(const layout::Report& report) {
  for (const auto& change : report.changes) log().info("instance '{}': {} {}", entry_.name, change.what, change.path);
  if (!report.errors.empty()) return act(machine_.prepareFailed(core::join(report.errors, "; "), now()));
  if (auto deployed = fingerprintOf(entry_).text(); persistent_.deployed != deployed) {
    persistent_.deployed = std::move(deployed);  // an earlier try to bring the entry about had failed
    (void)saveMemory();
  }
  act(machine_.prepared(now()));
}

void Runner::spawn() {
  if (runsAs_ != uid()) notify_.reset();  // the earlier owner's
  runsAs_ = uid();
  LaunchOptions options{context_.supervisord, openNotify() ? notify_->path() : std::string(), persistent_.mark,
                        context_.privileged};
  auto spec = launchSpec(entry_, options);
  errors_ = makeErrorFile();
  const core::UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  spec.descriptors = {{null.get(), 0}, {null.get(), 1}, {errors_.get(), 2}};
  const auto group = context_.groups.prepare(entry_.name, entry_.limits);
  if (group.fd) spec.cgroupFd = group.fd.get();
  if (group.error != limitsError_ && !group.error.empty())
    log().warn("instance '{}' runs without (all of) its limits: {}", entry_.name, group.error);
  limitsError_ = group.error;
  cpuBefore_ = context_.groups.cpuMicros(entry_.name).value_or(0);
  executable_ = executableAt(context_.supervisord);
  auto child = core::beginSpawn(spec);
  if (!child) {
    core::SpawnReport report;
    report.error = child.error();
    return onSpawned(report);
  }
  announcedEnd_ = false;
  startTime_ = 0;  // told by the child
  forgetPrograms();
  statusText_.clear();
  watchMain(child->pid, openPidfd(child->pid));
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

void Runner::watchMain(pid_t pid, core::UniqueFd pidfd) {
  pid_ = pid;
  pidfd_ = std::move(pidfd);
  hung_ = false;
  context_.reaper.watch(pid, [this](int status) { onExit(status); });
  // A process that a manager before us started is no child: only its descriptor tells of its end.
  const auto info = lookAt(pid);
  if (pidfd_ && (!info || info->parent != ::getpid()))
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
  const auto action = machine_.exited(exit, errorText(errors_), now());
  forgetMain();
  act(action);
}

/// Nobody waits for the main process any more.
void Runner::forgetMain() {
  context_.reaper.forget(pid_);
  pid_ = 0;
  exitWatch_.reset();  // it looks at the descriptor
  pidfd_.reset();
  errors_.reset();
}

/// Without a descriptor the number will do, as long as the process is a child: then it is its own until it is reaped.
void Runner::signalMain(int signo) {
  if (pid_ > 0 && signalTo(pidfd_, signo) != 0 && !exitWatch_) ::kill(pid_, signo);
}

void Runner::terminate() { signalMain(SIGTERM); }

void Runner::killTree() {
  log().warn("instance '{}' did not stop in time: it and all that belongs to it is killed", entry_.name);
  if (context_.groups.kill(entry_.name)) return;
  // The main process first, so that it starts nothing anew; the rest when its end is seen.
  signalMain(SIGKILL);
}

ProcessMatcher Runner::matcher() const {
  ProcessMatcher matcher;
  matcher.uid = runsAs_;
  matcher.mainPid = pid_;
  for (const auto& [name, program] : programs_)
    if (program.pid > 1) matcher.groups.insert(program.pid);
  // Without the main process, orphans of an account that has no other instance are this one's.
  if (pid_ == 0 && context_.privileged && runsAs_ == uid() && listener_.soleOf(matcher.uid)) {
    matcher.orphansOf = ::getpid();
    matcher.known = [this](pid_t pid) { return context_.reaper.watches(pid); };
  }
  return matcher;
}

uid_t Runner::uid() const { return context_.privileged ? entry_.identity.uid : ::geteuid(); }

std::shared_ptr<ProcessFinder> Runner::finder() {
  return std::make_shared<ProcessFinder>(
      context_, ProcessFinder::Subject{entry_.name, persistent_.mark, [this] { return matcher(); },
                                       [this] { return listener_.mains(); }});
}

void Runner::sweep(core::Duration grace, core::Duration age, std::function<void()> then) {
  sweeper_ = std::make_unique<Sweeper>(
      context_.loop,
      [finder = finder(), next = age](ProcessFinder::Done done) mutable {
        const auto keep = finder;  // this function may be gone before the call returns
        keep->find(std::exchange(next, core::Duration::zero()), std::move(done));
      },
      grace,
      [this, next = std::move(then)](std::size_t ended, std::size_t left) {
        if (ended > 0)
          log().warn("instance '{}': {} process{} left running ended", entry_.name, ended, ended == 1 ? "" : "es");
        if (left > 0) log().error("instance '{}': {} processes cannot be ended", entry_.name, left);
        forgetPrograms();
        const auto call = next;  // the sweeper, and this function with it, may be replaced
        call();
      });
  sweeper_->run();
}

Record Runner::makeRecord() const {
  Record record;
  record.wanted = machine_.wanted() || resume_;
  record.stopping = machine_.phase() == Machine::Phase::Stopping;
  record.pid = pid_;
  record.uid = runsAs_;
  record.startTime = startTime_;
  record.executable = executable_;
  record.result = machine_.result();
  record.reason = machine_.reason();
  record.cpuBefore = cpuBefore_;
  record.restarts = machine_.restarts();
  if (record.wanted && !resume_) record.nextRestarts = machine_.restarts() + (machine_.isNextStartARestart() ? 1 : 0);
  record.sinceWall = sinceWall_;
  record.sinceMonotonic = static_cast<std::uint64_t>(
      std::chrono::duration_cast<core::microseconds>(machine_.since().time_since_epoch()).count());
  return record;
}

/// One of its two files on the manager's own disks cannot be written, or is written after all.
void Runner::onUnwritten(const std::string& path, const std::string& obstacle) {
  if (obstacle.empty())
    log().info("instance '{}': {} is written again", entry_.name, path);
  else
    log().error("instance '{}': {}; it is tried again until it works", entry_.name, obstacle);
  listener_.changed(*this);
}

}  // namespace instances
