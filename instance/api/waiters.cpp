// SPDX-License-Identifier: MIT
#include "instance/api/waiters.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include "instance/api/control.hpp"
#include "instance/api/method.hpp"
#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "instance/process/table.hpp"
#include "lib/core/log.hpp"

namespace api {
namespace {

using lifecycle::ProcessState;
using xmlrpc::FaultCode;

constexpr core::Duration kReportEvery = core::seconds(2);

void reportWait(const process::Process& program) {
  if (program.state() == ProcessState::Stopping) logging::info("waiting for {} to stop", program.name());
}

/// Whether the start is decided. The program may already be in a later state than that of `change`.
bool startDecided(const process::Process& program, const process::StateChange& change, const std::string& name,
                  Waiters::WaitResult& result) {
  if (change.to == ProcessState::Running || program.state() == ProcessState::Running) return true;
  if (program.waits().start) return false;  // for what it depends on
  if (!program.spawnError().empty()) {
    result = startFailed(name, program);
    return true;
  }
  if (program.state() == ProcessState::Starting) return false;
  result = fail(FaultCode::AbnormalTermination, name);
  return true;
}

}  // namespace

Waiters::Waiters(core::EventLoop& loop, process::Table& table)
    : table_(table),
      reportTimer_(
          loop, [this] { report(); }, core::milliseconds(100)),
      patienceTimer_(loop, [this] { answerImpatient(); }),
      vain_(loop, [this] { answerThoseInVain(); }) {
  table_.subscribe(*this);
}

Waiters::~Waiters() {
  table_.unsubscribe(*this);
  closed_ = true;
  const auto given = std::exchange(waiting_, {});  // destroyed while this is still complete: an answer may call add()
}

void Waiters::add(const process::Process& program, Waiter waiter) {
  if (!closed_) waiting_[&program].push_back(std::move(waiter));
}

void Waiters::untilStarted(const process::Process& program, std::string name, core::Completion<WaitResult> done) {
  add(program, {Wanted::Started, std::move(name), std::move(done)});
}

void Waiters::untilStopped(const process::Process& program, core::Completion<WaitResult> done) {
  const auto known = waiting_.find(&program);
  const bool first =
      known == waiting_.end() || std::none_of(known->second.begin(), known->second.end(),
                                              [](const Waiter& w) { return w.wanted == Wanted::Stopped; });
  add(program, {Wanted::Stopped, {}, std::move(done)});
  if (first) reportWait(program);
  if (!reportTimer_.armed()) reportTimer_.armIn(kReportEvery);
}

void Waiters::untilStoppedOr(const process::Process& program, core::Duration patience,
                             core::Completion<WaitResult> done) {
  const auto until = core::Clock::now() + patience;
  add(program, {Wanted::StoppedSoon, {}, std::move(done), until});
  if (patienceTimer_.armed() && nextPatience_ <= until) return;
  nextPatience_ = until;
  patienceTimer_.arm(until);
}

void Waiters::answerImpatient() {
  const auto now = core::Clock::now();
  std::vector<const process::Process*> programs;
  for (const auto& [program, waiters] : waiting_) programs.push_back(program);
  // A copy of the keys, since an answer may add and remove waiters.
  for (const auto* program : programs)
    if (waiting_.count(program) > 0)
      settle(*program, [now](const Waiter& waiter, WaitResult&) { return waiter.patience <= now; });
  nextPatience_ = core::Instant::max();
  for (const auto& [program, waiters] : waiting_)
    for (const Waiter& waiter : waiters) nextPatience_ = std::min(nextPatience_, waiter.patience);
  if (nextPatience_ != core::Instant::max()) patienceTimer_.arm(nextPatience_);
}

void Waiters::onStateChange(process::Process& program, const process::StateChange& change) {
  settle(program, [&](const Waiter& waiter, WaitResult& result) {
    if (waiter.wanted == Wanted::Started) return startDecided(program, change, waiter.name, result);
    return lifecycle::isStopped(change.to) || lifecycle::isStopped(program.state());
  });
  // It has ended, perhaps permanently: others may wait for it. Once for all that end in this turn of the loop.
  if (lifecycle::isStopped(change.to) && !waiting_.empty()) vain_.schedule();
}

void Waiters::answerThoseInVain() {
  if (waiting_.empty()) return;
  for (const auto& [program, obstacle] : table_.obstacles()) {
    // An answer to one before may have changed what this one waits for.
    if (waiting_.count(program) == 0 || !program->waits().start) continue;
    settle(*program, [&, &why = obstacle](const Waiter& waiter, WaitResult& result) {
      if (waiter.wanted != Wanted::Started) return false;
      result = waitsInVain(waiter.name, why);
      return true;
    });
  }
}

void Waiters::onStartWithdrawn(process::Process& program) {
  settle(program, [](const Waiter& waiter, WaitResult& result) {
    if (waiter.wanted != Wanted::Started) return false;
    result = fail(FaultCode::AbnormalTermination, waiter.name);
    return true;
  });
}

// Only stopped programs can be removed: a stop has succeeded, and a start that still waits has failed.
void Waiters::onGroupRemoved(process::Group& group) {
  for (const auto& program : group.processes()) onProcessRemoved(*program);
}

void Waiters::onProcessRemoved(process::Process& program) {
  settle(program, [](const Waiter& waiter, WaitResult& result) {
    if (waiter.wanted == Wanted::Started) result = fail(FaultCode::AbnormalTermination, waiter.name);
    return true;
  });
}

void Waiters::settle(const process::Process& program, const std::function<bool(const Waiter&, WaitResult&)>& judge) {
  const auto found = waiting_.find(&program);
  if (found == waiting_.end()) return;
  // An answer may start the next call of a multicall, which changes waiting_: take out first, answer afterwards.
  std::vector<std::pair<core::Completion<WaitResult>, WaitResult>> decided;
  std::vector<std::optional<WaitResult>> results;
  decided.reserve(found->second.size());
  for (const Waiter& waiter : found->second) {
    WaitResult result;
    results.push_back(judge(waiter, result) ? std::optional(std::move(result)) : std::nullopt);
  }
  // From here on nothing allocates: no waiter is lost half way.
  std::size_t place = 0;
  std::erase_if(found->second, [&](Waiter& waiter) {
    auto& result = results[place++];
    if (result) decided.emplace_back(std::move(waiter.done), std::move(*result));
    return result.has_value();
  });
  if (found->second.empty()) waiting_.erase(found);
  if (waiting_.empty()) reportTimer_.disarm();
  for (auto& [done, result] : decided) {
    try {
      done(std::move(result));
    } catch (const std::exception& error) {  // dropped, the completion answers
      logging::critical("cannot answer a client that waited for {}: {}", program.name(), error.what());
    }
  }
}

void Waiters::report() {
  bool again = false;
  for (const auto& [program, waiters] : waiting_) {
    const bool stops =
        std::any_of(waiters.begin(), waiters.end(), [](const Waiter& w) { return w.wanted == Wanted::Stopped; });
    if (stops) reportWait(*program);
    again = again || stops;
  }
  if (again) reportTimer_.armIn(kReportEvery);
}

}  // namespace api
