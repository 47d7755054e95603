// SPDX-License-Identifier: MIT
#include "instance/api/waiters.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

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

/// Whether the start is decided. The program may already be further on than `change` says.
bool startDecided(const process::Process& program, const process::StateChange& change, const std::string& name,
                  Waiters::WaitResult& verdict) {
  if (change.to == ProcessState::Running || program.state() == ProcessState::Running) return true;
  if (!program.spawnError().empty()) {
    verdict = fail(FaultCode::SpawnError, name);
    return true;
  }
  if (program.state() == ProcessState::Starting) return false;
  verdict = fail(FaultCode::AbnormalTermination, name);
  return true;
}

}  // namespace

Waiters::Waiters(core::EventLoop& loop, process::Table& table)
    : table_(table),
      reportTimer_(
          loop, [this] { report(); }, core::milliseconds(100)),
      patienceTimer_(loop, [this] { tellImpatient(); }) {
  table_.subscribe(*this);
}

Waiters::~Waiters() { table_.unsubscribe(*this); }

void Waiters::untilStarted(const process::Process& program, std::string name, Told told) {
  waiting_[&program].push_back({Wanted::Started, std::move(name), std::move(told)});
}

void Waiters::untilStopped(const process::Process& program, Told told) {
  auto& waiters = waiting_[&program];
  const bool first =
      std::none_of(waiters.begin(), waiters.end(), [](const Waiter& w) { return w.wanted == Wanted::Stopped; });
  waiters.push_back({Wanted::Stopped, {}, std::move(told)});
  if (first) reportWait(program);
  if (!reportTimer_.armed()) reportTimer_.armIn(kReportEvery);
}

void Waiters::untilStoppedOr(const process::Process& program, core::Duration patience, Told told) {
  const auto until = core::Clock::now() + patience;
  waiting_[&program].push_back({Wanted::StoppedSoon, {}, std::move(told), until});
  if (patienceTimer_.armed() && nextPatience_ <= until) return;
  nextPatience_ = until;
  patienceTimer_.arm(until);
}

void Waiters::tellImpatient() {
  const auto now = core::Clock::now();
  std::vector<const process::Process*> programs;
  for (const auto& [program, waiters] : waiting_) programs.push_back(program);
  // By the list: who is told may add waiters, and take some away.
  for (const auto* program : programs)
    if (waiting_.count(program) > 0)
      settle(*program, [now](const Waiter& waiter, WaitResult&) { return waiter.patience <= now; });
  nextPatience_ = core::Instant::max();
  for (const auto& [program, waiters] : waiting_)
    for (const Waiter& waiter : waiters) nextPatience_ = std::min(nextPatience_, waiter.patience);
  if (nextPatience_ != core::Instant::max()) patienceTimer_.arm(nextPatience_);
}

void Waiters::onStateChange(process::Process& program, const process::StateChange& change) {
  settle(program, [&](const Waiter& waiter, WaitResult& verdict) {
    if (waiter.wanted == Wanted::Started) return startDecided(program, change, waiter.name, verdict);
    return lifecycle::isStopped(change.to) || lifecycle::isStopped(program.state());
  });
}

void Waiters::onGroupRemoved(process::Group& group) {
  for (const auto& program : group.processes()) onProcessRemoved(*program);
}

void Waiters::onProcessRemoved(process::Process& program) {
  settle(program, [](const Waiter& waiter, WaitResult& verdict) {
    if (waiter.wanted == Wanted::Started) verdict = fail(FaultCode::AbnormalTermination, waiter.name);
    return true;
  });
}

void Waiters::settle(const process::Process& program, const std::function<bool(const Waiter&, WaitResult&)>& judge) {
  const auto found = waiting_.find(&program);
  if (found == waiting_.end()) return;
  // Who is told may ask for the next thing at once: nothing of ours is in use any more by then.
  std::vector<std::pair<Told, WaitResult>> decided;
  std::vector<std::optional<WaitResult>> verdicts;
  decided.reserve(found->second.size());
  for (const Waiter& waiter : found->second) {
    WaitResult verdict;
    verdicts.push_back(judge(waiter, verdict) ? std::optional(std::move(verdict)) : std::nullopt);
  }
  // Nothing takes memory from here on: nobody is lost.
  std::size_t place = 0;
  std::erase_if(found->second, [&](Waiter& waiter) {
    auto& verdict = verdicts[place++];
    if (verdict) decided.emplace_back(std::move(waiter.told), std::move(*verdict));
    return verdict.has_value();
  });
  if (found->second.empty()) waiting_.erase(found);
  if (waiting_.empty()) reportTimer_.disarm();
  for (auto& [told, verdict] : decided) {
    try {
      told(std::move(verdict));
    } catch (const std::exception& error) {  // its client is told by the reply that nobody holds any more
      logging::critical("a client cannot be told that {} is started or stopped: {}", program.name(), error.what());
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
