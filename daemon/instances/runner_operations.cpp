// SPDX-License-Identifier: MIT
#include <fmt/core.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "daemon/instances/failures.hpp"
#include "daemon/instances/launch.hpp"
#include "daemon/instances/record.hpp"
#include "daemon/instances/runner.hpp"
#include "lib/core/log.hpp"
#include "lib/core/text.hpp"

namespace instances {
namespace {

/// Many are asked for at once, by one who wants to see all instances.
constexpr auto kUsageAge = core::milliseconds(500);

InstanceState stateOf(Machine::Phase phase, bool managed, bool asksToStart) {
  using Phase = Machine::Phase;
  if (!managed) return InstanceState::Unmanaged;
  switch (phase) {
    case Phase::Inactive: return InstanceState::Inactive;
    case Phase::Preparing:
    case Phase::Spawning:
    case Phase::Starting: return InstanceState::Starting;
    case Phase::Running: return InstanceState::Running;
    case Phase::Stopping: return InstanceState::Stopping;
    case Phase::Clearing: return asksToStart ? InstanceState::Restarting : InstanceState::Stopping;
    case Phase::Waiting: return InstanceState::Restarting;
    case Phase::Failed: return InstanceState::Failed;
  }
  return InstanceState::Inactive;
}

const char* subStateOf(Machine::Phase phase) {
  using Phase = Machine::Phase;
  switch (phase) {
    case Phase::Inactive: return "dead";
    case Phase::Preparing: return "preparing";
    case Phase::Spawning:
    case Phase::Starting: return "waiting for readiness";
    case Phase::Running: return "running";
    case Phase::Stopping: return "stopping its programs";
    case Phase::Clearing: return "ending what was left running";
    case Phase::Waiting: return "waiting for the next try";
    case Phase::Failed: return "failed";
  }
  return "";
}

/// What supervisorctl says of a restart, but for those that did not run: they are started all the same.
std::string withoutIdle(std::string text) {
  constexpr std::string_view idle = ": ERROR (not running)";
  for (auto at = text.find(idle); at != std::string::npos; at = text.find(idle)) {
    const auto name = at == 0 ? std::string::npos : text.rfind(' ', at - 1);
    const auto from = name == std::string::npos ? 0 : name + 1;
    text.erase(from, at + idle.size() - from);
  }
  return std::string(core::trim(text));
}

}  // namespace

InstanceStatus Runner::status() const {
  InstanceStatus s;
  s.name = entry_.name;
  s.state = stateOf(machine_.phase(), entry_.managed, machine_.wanted());
  s.subState = statusText_.empty() || s.state != InstanceState::Running ? subStateOf(machine_.phase()) : statusText_;
  s.mainPid = pid_;
  s.uid = entry_.owner.uid;
  s.gid = entry_.identity.gid;
  s.user = entry_.owner.name;
  s.group = entry_.group;
  s.confFile = entry_.confFile;
  s.logsDir = entry_.logsDir;
  s.pidDir = entry_.pidDir;
  s.socksDir = entry_.socksDir;
  s.includeDir = entry_.includeDir;
  s.supervisorctl = entry_.supervisorctl;
  s.socket = entry_.socketPath();
  s.logFile = entry_.logFile();
  if (entry_.http) s.endpoint = entry_.http->endpoint;
  s.sourceFile = entry_.origin.file;
  s.controlGroup = context_.groups.pathOf(entry_.name);
  s.sinceWallMicros = sinceWall_;
  s.sinceMonotonicMicros = static_cast<std::uint64_t>(
      std::chrono::duration_cast<core::microseconds>(machine_.since().time_since_epoch()).count());
  s.restarts = machine_.restarts();
  s.result = machine_.result();
  s.reason = machine_.reason();
  // What is wrong now says more than how an earlier run ended.
  if ((s.reason.empty() || s.state == InstanceState::Running) && !limitsError_.empty())
    s.reason = "runs without its limits: " + limitsError_;
  for (const auto* const file : {&recordFile_, &stateFile_})
    if (!file->obstacle().empty()) {
      const bool past = s.reason.empty() || s.state == InstanceState::Running;
      s.reason = (past ? "" : s.reason + "; ") + "not recorded: " + file->obstacle();
      break;
    }
  s.enabled = persistent_.isEnabled(entry_.enabled);
  s.noRemove = entry_.noRemove;
  s.desired = toText(entry_.state);
  s.priority = entry_.priority;
  s.details = machine_.details();
  s.programCounts = programCounts_;
  s.programsTold = programsTold_;
  return s;
}

std::vector<ProgramStatus> Runner::programs() const {
  std::vector<ProgramStatus> out;
  for (const auto& [name, program] : programs_) out.push_back(program);
  return out;
}

Usage Runner::usage() {
  if (pid_ == 0) return {};
  if (const auto now = core::Clock::now(); now - usageAt_ > kUsageAge) {
    usageAt_ = now;
    usage_ = {context_.groups.memory(entry_.name), context_.groups.cpuMicros(entry_.name)};
    if (usage_.cpuMicros && *usage_.cpuMicros >= cpuBefore_) *usage_.cpuMicros -= cpuBefore_;
    if (usage_.memoryBytes && usage_.cpuMicros) return usage_;
    std::vector<pid_t> pids;
    if (context_.groups.has(entry_.name)) {
      const auto members = context_.groups.members(entry_.name);
      pids.assign(members.begin(), members.end());
    } else {
      pids = context_.snapshot.treeOf(pid_, kUsageAge);
    }
    const auto sums = usageOf(pids);
    if (!usage_.memoryBytes) usage_.memoryBytes = sums.memoryBytes;
    if (!usage_.cpuMicros) usage_.cpuMicros = sums.cpuMicros;
  }
  return usage_;
}

bool Runner::isRecorded() const {
  if (!record_) return false;
  const auto seen = context_.seen.find(record_->pid);
  if (seen == context_.seen.end()) return false;
  if (isSame(*record_, runsAs_, persistent_.mark, seen->second)) return true;
  // What hangs cannot be looked at; that it is in the group and has the number of the record says the same.
  const auto now = seen->second.details.startTime == 0 ? lookAt(record_->pid) : std::nullopt;
  return now && !now->zombie && now->uid == runsAs_ &&
         context_.groups.instanceAt(controlGroupOf(now->pid)) == entry_.name && signalTo(seen->second.pidfd, 0) == 0;
}

/// Makes a record of a process that has none.
bool Runner::recognise() {
  const auto supervisord = executableAt(context_.supervisord);
  for (const auto& [pid, seen] : context_.seen) {
    if (!looksLike(supervisord, entry_.confFile, uid(), persistent_.mark, pid, seen)) continue;
    Record record;
    // What began after the record was written was started since, by a manager that could not write it down.
    record.wanted = !record_ || record_->wanted || beganAfter(*record_, seen.details.startTime);
    record.pid = pid;
    record.startTime = seen.details.startTime;
    record.uid = uid();
    record.executable = seen.details.executable;
    record.sinceWall = core::wallMicros();
    record.sinceMonotonic = static_cast<std::uint64_t>(
        std::chrono::duration_cast<core::microseconds>(core::Clock::now().time_since_epoch()).count());
    record_ = record;
    runsAs_ = record.uid;
    log().warn("instance '{}': no record of it was left; pid {} is recognised by its program and its mark", entry_.name,
               pid);
    return true;
  }
  return false;
}

bool Runner::adopt() {
  if (!entry_.managed) return false;
  if (!isRecorded()) {
    if (record_ && record_->wanted) lostRestarts_ = record_->nextRestarts;
    if (!recognise()) return false;
  }
  const auto seen = context_.seen.find(record_->pid);
  auto pidfd = std::move(seen->second.pidfd);
  startTime_ = record_->startTime;
  executable_ = record_->executable;
  cpuBefore_ = record_->cpuBefore;
  machine_.setLastEnd(record_->result, record_->reason);
  machine_.setRestarts(record_->restarts);
  const auto since = core::Instant(core::microseconds(record_->sinceMonotonic));
  machine_.adopt(std::min(since, core::Clock::now()));
  watchMain(record_->pid, std::move(pidfd));
  seenPhase_ = machine_.phase();
  sinceWall_ = record_->sinceWall;
  // It is in its control group; the limits may have been taken back between the two managers.
  limitsError_ = context_.groups.prepare(entry_.name, entry_.limits).error;
  if (!limitsError_.empty())
    log().warn("instance '{}' runs without (all of) its limits: {}", entry_.name, limitsError_);
  // With a new socket it tells its programs again.
  (void)openNotify();
  writeRecord();
  log().info("instance '{}' runs already (pid {}): taken over", entry_.name, pid_);
  listener_.changed(*this);
  return true;
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

void Runner::start(Done done) {
  if (auto error = objectionToStart()) return done(core::Err{std::move(*error)});
  resume_ = false;
  const auto action = machine_.start(core::Clock::now());
  if (lostRestarts_ > 0) machine_.setRestarts(std::exchange(lostRestarts_, 0));
  waiters_.push_back({Wish::Start, std::move(done)});
  act(action);
}

void Runner::stopMeaning(bool resume, Done done) {
  if (auto error = unmanaged()) return done(core::Err{std::move(*error)});
  giveUpChecks();
  resume_ = resume;
  if (machine_.phase() == Machine::Phase::Inactive) hung_ = false;
  const auto action = machine_.stop(core::Clock::now());
  waiters_.push_back({Wish::Stop, std::move(done)});
  act(action);
}

void Runner::restart(Done done) {
  if (auto error = objectionToStart()) return done(core::Err{std::move(*error)});
  resume_ = false;
  const auto action = machine_.restart(core::Clock::now());
  waiters_.push_back({Wish::Start, std::move(done)});
  act(action);
}

void Runner::kill(KillWhom whom, int signo, Done done) {
  if (auto error = unmanaged()) return done(core::Err{std::move(*error)});
  if (signo < 1 || signo > SIGRTMAX)
    return done(failure(ErrorCode::InvalidArgument, fmt::format("{} is not a signal.", signo)));
  if (pid_ == 0) return done(notRunning(entry_.name));
  const auto signal = [this, signo, finish = std::move(done)](const std::vector<FoundProcess>& found) {
    std::vector<ProcessInfo> processes;
    for (const auto& one : found) processes.push_back(one.info);
    if (const auto main = pid_ > 0 ? lookAt(pid_) : std::nullopt) processes.push_back(*main);
    signalRuns_.remove_if([](const SignalRun& run) { return run.finished(); });
    signalRuns_.emplace_back(
        context_, context_.privileged ? &entry_.identity : nullptr, std::move(processes), signo,
        [name = entry_.name, finish](int code) {
          if (code == 0) return finish({});
          finish(failure(ErrorCode::OperationFailed, fmt::format("Instance '{}' cannot be signalled as its owner: {}.",
                                                                 name, ::strerrordesc_np(code))));
        });
  };
  if (whom == KillWhom::Main) return signal({});
  const auto search = finder();
  killFinders_.push_back(search);
  search->find(core::Duration::zero(), [this, mine = search.get(), signal](const std::vector<FoundProcess>& found) {
    signal(found);
    killFinders_.remove_if([&](const auto& one) { return one.get() == mine; });
  });
}

void Runner::runCtl(const std::vector<std::string>& arguments, CtlDone done, const CtlOptions& options) {
  commands_.remove_if([](const auto& one) { return one->finished(); });
  commands_.push_back(std::make_unique<OwnerCommand>(
      context_, ctlSpec(context_, entry_, arguments), core::UniqueFd(), options.limit,
      [raw = options.raw, finish = std::move(done)](const OwnerCommand::End& end) {
        const auto& text = end.output;
        if (!end.failure.empty()) return finish(false, end.failure);
        finish(end.ok(), raw ? text.substr(text.size() - std::min(text.size(), raw)) : oneLine(text));
      }));
}

void Runner::controlProgram(const std::string& program, ProgramVerb verb, Done done) {
  if (machine_.phase() != Machine::Phase::Running) return done(notRunning(entry_.name));
  if (!isPlainName(program))
    return done(failure(ErrorCode::InvalidArgument, fmt::format("'{}' is not the name of a program.", program)));
  const char* const word = verb == ProgramVerb::Start ? "start" : verb == ProgramVerb::Stop ? "stop" : "restart";
  runCtl({word, program}, [this, program, verb, finish = std::move(done)](bool ok, const std::string& answer) {
    const auto output = verb == ProgramVerb::Restart ? withoutIdle(answer) : answer;
    if (output.find("no such process") != std::string::npos || output.find("no such group") != std::string::npos)
      return finish(
          failure(ErrorCode::NoSuchProgram, fmt::format("Instance '{}' has no program '{}'.", entry_.name, program)));
    // Supervisor 4 before 4.1 answers an error with status 0: its words count too.
    if (!ok || output.find(": ERROR (") != std::string::npos)
      return finish(failure(ErrorCode::OperationFailed, output.empty() ? "supervisorctl failed." : output));
    finish({});
  });
}

void Runner::setEntry(entries::Entry entry) {
  entry_ = std::move(entry);
  // What is only described is left to itself: it goes on, and nobody starts it again.
  if (!entry_.managed && pid_ == 0) act(machine_.stop(core::Clock::now()));
  listener_.changed(*this);
}

void Runner::deploy(layout::Mode mode, layout::Deployment::Done done) {
  auto plan = entry_.managed ? makePlan() : core::Expected<layout::Plan>(layout::Plan{});
  if (!plan) return done({{}, {plan.error().text}, {}, {}});
  if (!entry_.managed) return done({});
  auto after = persistent_;
  auto gone = after.replaceGenerated(*plan, entry_.refusedDeclared);
  plan->nodes.insert(plan->nodes.begin(), gone.begin(), gone.end());
  if (mode == layout::Mode::Apply) {
    persistent_ = std::move(after);
    (void)saveMemory();
  }
  asked_.remove_if([](const auto& deployment) { return deployment.finished(); });
  asked_.emplace_back(context_.loop, context_.reaper,
                      layout::Deployment::Options{context_.places.root, context_.privileged, mode});
  asked_.back().run(std::move(*plan), std::move(done));
}

void Runner::updatePrograms(Done done) {
  if (machine_.phase() != Machine::Phase::Running) return done({});
  runCtl({"update"}, [this, finish = std::move(done)](bool ok, const std::string& output) {
    if (ok) return finish({});
    finish(failure(ErrorCode::OperationFailed,
                   fmt::format("Instance '{}': supervisorctl update: {}", entry_.name, output)));
  });
}

layout::Plan Runner::removalPlan(bool purge) const {
  layout::Plan plan{persistent_.owner, persistent_.allRemovals(purge)};
  if (entry_.managed) plan.owner = entry_.identity;
  return plan;
}

void Runner::planRemoval(layout::Deployment::Done done) {
  asked_.remove_if([](const auto& deployment) { return deployment.finished(); });
  asked_.emplace_back(context_.loop, context_.reaper,
                      layout::Deployment::Options{context_.places.root, context_.privileged, layout::Mode::DryRun});
  asked_.back().run(removalPlan(false), std::move(done));
}

void Runner::removeFiles(bool purge, layout::Deployment::Done done) {
  auto plan = removalPlan(purge);
  if (notify_) notify_->remove();
  notify_.reset();
  recordFile_.forget();
  ::unlink(context_.recordPath(entry_.name).c_str());
  context_.groups.remove(entry_.name);
  asked_.clear();  // nothing may be made any more
  asked_.emplace_back(context_.loop, context_.reaper,
                      layout::Deployment::Options{context_.places.root, context_.privileged, layout::Mode::Apply});
  asked_.back().run(std::move(plan), [this, finish = std::move(done)](const layout::Report& report) {
    // What could not be removed is still known, and tried again by the next manager.
    if (!report.errors.empty()) return finish(report);
    stateFile_.forget();
    persistent_.remove();
    finish(report);
  });
}

void Runner::stopForNow(Done done) {
  if (!entry_.managed || machine_.phase() == Machine::Phase::Inactive || machine_.phase() == Machine::Phase::Failed)
    return done({});
  stopMeaning(machine_.wanted() || resume_, std::move(done));
}

void Runner::letGo() { writeRecord(); }

}  // namespace instances
