// SPDX-License-Identifier: MIT
// How a program goes over to another supervisord: the one that replaces ours in this process, or that of a new process
// after a crash.
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "instance/config/model.hpp"
#include "instance/process/attend.hpp"
#include "instance/process/channel.hpp"
#include "instance/process/context.hpp"
#include "instance/process/foreign.hpp"
#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "instance/process/remains.hpp"
#include "instance/process/stdin_pipe.hpp"
#include "instance/state/descriptors.hpp"
#include "lib/core/log.hpp"

namespace process {
namespace {

using lifecycle::ProcessState;

/// Whether a state and a pid can go together.
bool isPossible(ProcessState state, pid_t pid, bool preparing) noexcept {
  if (preparing && (state == ProcessState::Starting || state == ProcessState::Stopping)) return pid == 0;
  return lifecycle::isSignallable(state) || state == ProcessState::Unknown ? pid > 1 : pid == 0;
}

}  // namespace

state::Program Process::save(state::Outgoing& outgoing) const {
  state::Program saved;
  saved.group = group_.name();
  saved.name = name();
  saved.number = number_;
  if (origin_ != Origin::Group) saved.config = *config_;
  saved.ofGroup = origin_ == Origin::Outdated;
  saved.machine = machine_.save();
  saved.pid = pid_;
  saved.startedAfter = startedTicks_;
  saved.startedBefore = startedTicks_ + startedWithin_;
  saved.foreign = isForeign();
  saved.killed = killed_;
  saved.startedAt = startedAt_;
  saved.stoppedAt = stoppedAt_;
  if (remains_)
    saved.remains = state::Remains{remains_->begun(),  remains_->waitStatus(), remains_->session(), remains_->endedAt(),
                                   remains_->killAt(), remains_->killed(),     remains_->step()};
  if (doomed_) saved.doomed = *doomed_;
  if (config_->extension.given() || context_.settings().exitWhenAllExited) saved.lastEnd = lastEnd_.waitStatus();
  if (waits_.start || waits_.stop != Along::Nobody)
    saved.waits = state::Waits{waits_.start, context_.order()->startDue(*this).value_or(core::Instant()),
                               waits_.stop != Along::Nobody, waits_.stop == Along::Restarting};
  if (const auto* const command = context_.reloads().find(*this)) saved.reload = command->save(outgoing);
  if (stdin_) {
    saved.input = outgoing.add(state::pipeName(number_, "in"), stdin_->descriptor());
    saved.inputPending = stdin_->pending();
  }
  saved.out = out_->save(outgoing);
  if (err_) saved.err = err_->save(outgoing);
  attend([&](Attendant& one) { one.save(saved, outgoing); });
  return saved;
}

void Process::saveLogs(state::Program& saved, state::Outgoing& outgoing) const {
  const auto add = [&](OutputChannel& channel, const char* which, state::Channel& to) {
    if (auto* const file = channel.log())
      to.logFile = outgoing.add(state::pipeName(number_, which), file->descriptor());
  };
  add(*out_, "out.log", saved.out);
  if (err_ && saved.err) add(*err_, "err.log", *saved.err);
}

void Process::addLanes(output::Lanes& lanes) const {
  out_->addLanes(lanes);
  if (err_) err_->addLanes(lanes);
}

core::Status Process::restore(const state::Program& saved, state::Incoming& incoming) {
  machine_.restore(saved.machine);
  origin_ = !saved.config ? Origin::Group : saved.ofGroup ? Origin::Outdated : Origin::Added;
  killed_ = saved.killed;
  startedAt_ = saved.startedAt;
  stoppedAt_ = saved.stoppedAt;
  startedTicks_ = saved.startedAfter;
  startedWithin_ = static_cast<std::uint32_t>(saved.startedBefore - saved.startedAfter);
  if (saved.doomed) doomed_ = std::make_unique<std::string>(*saved.doomed);
  if (saved.lastEnd) lastEnd_ = End(*saved.lastEnd);
  if (saved.waits) restoreWaits(*saved.waits);
  if (auto restored = restoreProcess(saved); !restored) return restored;
  if (saved.reload && pid_ != 0) context_.reloads().restore(context_, *this, *saved.reload, incoming);
  if (auto pipe = incoming.take(saved.input)) {
    stdin_ = makeInput();
    stdin_->restore(context_.loop(), std::move(pipe), saved.inputPending, whenStdinBreaks());
  }
  if (auto restored = out_->restore(saved.out, incoming); !restored) return restored;
  if (err_ && saved.err)
    if (auto restored = err_->restore(*saved.err, incoming); !restored) return restored;
  attend([&](Attendant& one) { one.restore(saved, incoming); });
  if (remains_) remains_->setGroup(familyGroup());
  updateDeadline();
  return {};
}

void Process::restoreWaits(const state::Waits& saved) {
  context_.useOrder();
  waits_.start = saved.start;
  if (saved.stop) waits_.stop = saved.restart ? Along::Restarting : Along::All;
  if (saved.start && saved.due != core::Instant()) context_.order()->restoreDelay(*this, saved.due);
}

core::Status Process::restoreProcess(const state::Program& saved) {
  const auto refuse = [this](const std::string& why) { return core::Err{core::Error{fullName() + ": " + why}}; };
  if (!isPossible(state(), saved.pid, saved.machine.preparing))
    return refuse(fmt::format("the saved state {} with pid {} cannot be", lifecycle::toText(state()), saved.pid));
  pid_ = saved.pid;
  if (saved.remains && pid_ != 0) remains_ = context_.awaitGroup(*this);
  if (remains_ && saved.remains->begun) {
    remains_->begin(pid_, saved.remains->session, saved.remains->waitStatus);
    remains_->setEndedAt(saved.remains->endedAt);
    remains_->setKillAt(saved.remains->killAt, saved.remains->step, saved.remains->killed);
  }
  const bool gone = awaitsGroup() || (saved.around && saved.around->ended);
  if (pid_ == 0 || gone) return {};
  if (pid_ == ::getpid() || context_.findByPid(pid_) != nullptr) {
    const pid_t pid = std::exchange(pid_, 0);
    return refuse(fmt::format("the saved process {} is supervisord's or another program's", pid));
  }
  context_.reservePid(*this);
  context_.assignPid(pid_);
  return isOurChild(pid_) ? core::Status() : watchForeign();
}

/// The process was started by a supervisord that has crashed.
core::Status Process::watchForeign() {
  const Identity identity{pid_, startedTicks_, startedTicks_ + startedWithin_, config_->uid.value_or(::geteuid())};
  auto pidfd = openProcess(identity);
  if (!pidfd && pidfd.error().code != ESRCH)
    return core::Err{
        core::Error{fmt::format("{}: cannot take over process {}: {}", fullName(), pid_, pidfd.error().text)}};
  foreign_ = std::make_unique<Foreign>(context_.loop(), pid_, pidfd ? std::move(*pidfd) : core::UniqueFd(),
                                       context_.statusPatience(), [this] {
                                         const ProcessContext::Turn turn(context_);
                                         reaped(kStatusUnknown);
                                       });
  context_.foreignBegan();
  return {};
}

void Process::resume() noexcept {
  out_->resume();
  if (err_) err_->resume();
  attend([](Attendant& one) { one.resume(); });
}

}  // namespace process
