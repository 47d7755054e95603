// SPDX-License-Identifier: MIT
#include "daemon/instances/runner.hpp"

#include <fmt/core.h>
#include <signal.h>

#include <algorithm>
#include <utility>

#include "daemon/instances/failures.hpp"
#include "daemon/instances/status_of.hpp"
#include "lib/core/log.hpp"

namespace instances {
namespace {

core::Instant clockNow() { return core::Clock::now(); }

std::unique_ptr<const Record> recordAt(const std::string& path) {
  auto record = Record::read(path);
  return record ? std::make_unique<const Record>(std::move(*record)) : nullptr;
}

}  // namespace

Runner::Runner(InstanceContext& context, Listener& listener, entries::Entry entry)
    : context_(context),
      listener_(listener),
      entry_(std::move(entry)),
      persistent_(context.statePath(entry_.name)),
      recordFile_(
          context.retries,
          [this] {
            const auto record = makeRecord();
            recorded_ = record.forNextStart();
            return record.write(context_.recordPath(entry_.name));
          },
          [this](const auto& obstacle) { onUnwritten(context_.recordPath(entry_.name), obstacle); }),
      stateFile_(
          context.retries,
          [this] {
            persistent_.places = entry_.places();
            // Before the first files, whose they will be is all that counts.
            if (entry_.managed && !persistent_.hasGenerated()) persistent_.owner = entry_.identity;
            return persistent_.save();
          },
          [this](const auto& obstacle) { onUnwritten(context_.statePath(entry_.name), obstacle); }),
      machine_(context.rules),
      timer_(context.loop, [this] { act(machine_.expire(clockNow())); }),
      record_(recordAt(context.recordPath(entry_.name))),
      runsAs_(record_ ? record_->uid : uid()),
      sinceWall_(core::wallMicros()) {
  persistent_.load();
  persistent_.onUnsaved([this] { (void)saveMemory(); });
}

Runner::~Runner() {
  if (pid_ > 0) forgetMain();
  closeExits();
  countStopping(false);
}

void Runner::countStopping(bool stopping) noexcept {
  if (std::exchange(isEnding_, stopping) == stopping) return;
  if (stopping)
    ++context_.stopping;
  else
    --context_.stopping;
}

void Runner::act(Machine::Action action) {
  countStopping(machine_.phase() ==
                Machine::Phase::Stopping);  // before Clear: its look at processes need not wait for it
  switch (action) {
    case Machine::Action::None: break;
    case Machine::Action::Prepare:
      settleWaiters(true);  // before what starts next is decided: who is answered may change it
      if (machine_.phase() == Machine::Phase::Preparing) tasks_.run(prepare(std::exchange(files_, Files::Unknown)));
      break;
    case Machine::Action::TakeOver: spawn(true); break;
    case Machine::Action::Spawn: spawn(false); break;
    case Machine::Action::Terminate: signalMain(SIGTERM); break;
    case Machine::Action::KillTree: killTree(); break;
    case Machine::Action::Abandon:
      log().error("instance '{}' {} (pid {})", entry_.name, machine_.explanation(), pid_);
      hung_ = true;
      forgetMain();
      [[fallthrough]];
    case Machine::Action::Clear: tasks_.run(clear()); break;
  }
  afterStep();
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
    usage_.forget();
    if (!isRecordedAlready()) writeRecord();
    if (seenPhase_ == Machine::Phase::Running) log().info("instance '{}' runs (pid {})", entry_.name, pid_);
    if (seenPhase_ == Machine::Phase::Waiting && !crashed_)
      log().warn("instance '{}' {}", entry_.name, machine_.explanation());
    if (seenPhase_ == Machine::Phase::Failed) log().error("instance '{}' {}", entry_.name, machine_.explanation());
    if (seenPhase_ == Machine::Phase::Inactive) log().info("instance '{}' is stopped", entry_.name);
  }
  settleWaiters();
  listener_.changed(*this);
}

/// What somebody who waits gets now; nothing: it is not decided yet. Between two processes, with `ended`, a stop has
/// succeeded even though the next start has begun.
std::optional<OperationResult> Runner::outcomeOf(const Waiter& waiter, bool ended) const {
  using Phase = Machine::Phase;
  const auto phase = machine_.phase();
  if (waiter.wish == Wish::Stop) {
    if (!ended && phase != Phase::Inactive && phase != Phase::Failed && phase != Phase::Waiting) return std::nullopt;
    if (!hung_) return OperationResult();
  } else {
    if (phase == Phase::Running) return OperationResult();
    if (phase != Phase::Waiting && phase != Phase::Failed) {
      if (machine_.wanted()) return std::nullopt;
      return failure(ErrorCode::InstanceBusy, fmt::format("Instance '{}' was stopped meanwhile.", entry_.name));
    }
  }
  return failure(ErrorCode::OperationFailed, fmt::format("Instance '{}' {}.", entry_.name, machine_.explanation()));
}

void Runner::settleWaiters(bool ended) {
  std::vector<std::pair<core::Completion<OperationResult>, OperationResult>> ready;
  std::erase_if(waiters_, [&](Waiter& waiter) {
    auto outcome = outcomeOf(waiter, ended);
    if (outcome) ready.emplace_back(std::move(waiter.done), std::move(*outcome));
    return outcome.has_value();
  });
  for (auto& [done, outcome] : ready) done(std::move(outcome));
}

/// Does what the machine answered to a wish, and waits until that has come true or failed.
core::Task<OperationResult> Runner::wait(Wish wish, Machine::Action action) {
  co_return co_await core::completes<OperationResult>([&](core::Completion<OperationResult> done) {
    waiters_.push_back({wish, std::move(done)});
    act(action);
    files_ = Files::Unknown;  // counts for a start that begins now, not for one after a stop or a pause
  });
}

core::Task<OperationResult> Runner::startNow(Files files) {
  if (auto error = objectionToStart()) co_return core::Err{std::move(*error)};
  resume_ = false;
  const bool left = machine_.phase() == Machine::Phase::Inactive && record_ && record_->wanted && !record_->stopping;
  auto action = Machine::Action::None;
  if (left && canBeTakenOver()) {
    resumeExits();
    action = machine_.takeOver(clockNow());
  } else {
    action = machine_.start(clockNow());
  }
  if (lostRestarts_ > 0) machine_.setRestarts(std::exchange(lostRestarts_, 0));
  files_ = files;
  co_return co_await wait(Wish::Start, action);
}

core::Task<OperationResult> Runner::restartNow() {
  if (auto error = objectionToStart()) co_return core::Err{std::move(*error)};
  resume_ = false;
  files_ = Files::Unknown;
  co_return co_await wait(Wish::Start, machine_.restart(clockNow()));
}

/// With `resume` it will be started again, by the next manager if not by this one.
core::Task<OperationResult> Runner::stopNow(bool resume) {
  if (auto error = unmanaged()) co_return core::Err{std::move(*error)};
  giveUpChecks();
  resume_ = resume;
  if (machine_.phase() == Machine::Phase::Inactive) hung_ = false;
  co_return co_await wait(Wish::Stop, machine_.stop(clockNow()));
}

core::Task<OperationResult> Runner::stopWithManager() {
  const auto phase = machine_.phase();
  if (!entry_.managed || phase == Machine::Phase::Inactive || phase == Machine::Phase::Failed)
    co_return OperationResult();
  co_return co_await stopNow(machine_.wanted() || resume_);
}

std::optional<ManagerError> Runner::unmanaged() const {
  if (entry_.managed) return std::nullopt;
  return ManagerError{
      ErrorCode::InstanceUnmanaged,
      fmt::format("Instance '{}' is only described here (managed = no in {}).", entry_.name, entry_.origin.file)};
}

/// Why it cannot be started now.
std::optional<ManagerError> Runner::objectionToStart() {
  if (auto error = unmanaged()) return error;
  if (!context_.ending) return std::nullopt;
  resume_ = true;  // the next manager of this boot does it
  writeRecord();
  return ManagerError{ErrorCode::ShuttingDown, "The manager is being stopped."};
}

void Runner::setEntry(entries::Entry entry) {
  entry_ = std::move(entry);
  // What is only described is left to itself: it keeps running, and nobody starts it again.
  if (!entry_.managed && pid_ == 0) act(machine_.stop(clockNow()));
  listener_.changed(*this);
}

void Runner::letGo() { writeRecord(); }

/// Where the main process is gone, the next manager needs only what counts for the next start. A stop changes that in
/// the first of its three steps, and hundreds of instances may stop together.
bool Runner::isRecordedAlready() const {
  return pid_ == 0 && !hung_ && recordFile_.obstacle().empty() && recorded_ == makeRecord().forNextStart();
}

InstanceStatus Runner::status() const {
  auto status = statusOf(entry_, machine_);
  status.mainPid = pid_;
  if (status.state == InstanceState::Running && !statusText_.empty()) status.subState = statusText_;
  status.controlGroup = context_.groups.pathOf(entry_.name);
  status.sinceWallMicros = sinceWall_;
  // What is wrong now is more useful than how an earlier run ended.
  if ((status.reason.empty() || status.state == InstanceState::Running) && !limitsError_.empty())
    status.reason = "runs without its limits: " + limitsError_;
  for (const auto* const file : {&recordFile_, &stateFile_})
    if (!file->obstacle().empty()) {
      const bool past = status.reason.empty() || status.state == InstanceState::Running;
      status.reason = (past ? "" : status.reason + "; ") + "not recorded: " + file->obstacle();
      break;
    }
  status.enabled = persistent_.isEnabled(entry_.enabled);
  status.programCounts = programs_.counts();
  status.programsTold = programs_.isComplete();
  return status;
}

Usage Runner::usage() { return pid_ > 0 ? usage_.read(context_, entry_.name, pid_) : Usage(); }

/// One of its two files on the manager's own disks cannot be written, or is written after all.
void Runner::onUnwritten(const std::string& path, const std::string& obstacle) {
  if (obstacle.empty())
    log().info("instance '{}': {} is written again", entry_.name, path);
  else
    log().error("instance '{}': {}; it is tried again until it works", entry_.name, obstacle);
  listener_.changed(*this);
}

}  // namespace instances
