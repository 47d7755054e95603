// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "daemon/instances/fingerprint.hpp"
#include "daemon/instances/fleet.hpp"
#include "daemon/instances/keyed_file.hpp"
#include "daemon/instances/process_details.hpp"
#include "daemon/instances/under_way.hpp"
#include "lib/core/log.hpp"
#include "lib/core/text.hpp"

namespace instances {
namespace {

constexpr auto kLookAgain = core::seconds(1);

/// Files of one of the manager's own directories. Hidden ones are what a manager that was killed left half-written:
/// they are removed.
std::vector<std::string> filesIn(const std::string& directory) {
  std::vector<std::string> out, unfinished;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(directory.c_str()), ::closedir);
  while (const dirent* item = dir ? ::readdir(dir.get()) : nullptr)
    (item->d_name[0] == '.' ? unfinished : out).emplace_back(item->d_name);
  for (const auto& name : unfinished) ::unlink((directory + '/' + name).c_str());  // not . and ..
  return out;
}

}  // namespace

std::map<std::string, entries::Places> Fleet::rememberedPlaces() const {
  std::map<std::string, entries::Places> out;
  for (const auto& name : filesIn(context_.stateDirectory + "/state")) {
    if (find(name)) continue;
    PersistentState memory(context_.statePath(name));
    memory.load();
    out.emplace(name, std::move(memory.places));
  }
  return out;
}

void Fleet::lookForInstances(std::function<void()> done) {
  std::set<pid_t> pids;
  for (const auto& name : filesIn(context_.runDirectory + "/adoption"))
    if (const auto record = Record::read(context_.recordPath(name)); record && record->pid > 1)
      pids.insert(record->pid);
  // A record may be lost, or never have been written: leaders of sessions may be instances all the same.
  std::set<uid_t> owners;
  for (const auto& [name, runner] : runners_)
    owners.insert(context_.privileged ? runner->entry().identity.uid : ::geteuid());
  for (const auto& process : context_.snapshot.get(core::Duration::zero()))
    if (process.session == process.pid && owners.count(process.uid)) pids.insert(process.pid);
  std::vector<pid_t> held;
  context_.seen.clear();
  for (const auto pid : pids)
    if (auto pidfd = pid == ::getpid() ? core::UniqueFd() : openPidfd(pid)) {
      context_.seen[pid].pidfd = std::move(pidfd);
      held.push_back(pid);
    }
  // Owners' processes: looking at one may block.
  looking_ = readDetailsInHelper(
      context_.loop, context_.reaper, held, [this, finish = std::move(done)](const std::optional<DetailsOf>& details) {
        const auto task = std::move(looking_);  // it calls this
        if (!details) {
          // Whoever is not taken over is ended: not on the strength of a helper that failed.
          logging::error("cannot look at what runs already: the helper failed; trying again");
          lookAgain_ = std::make_unique<core::Timer>(context_.loop, [this, finish] { lookForInstances(finish); });
          return lookAgain_->armIn(kLookAgain);
        }
        for (const auto& [pid, one] : *details) context_.seen[pid].details = one;
        finish();
      });
}

void Fleet::begin() {
  clearForgotten(first_);
  first_ = {};
  std::vector<std::string> toStart;
  for (const auto& [name, runner] : runners_)
    if (runner->entry().managed && staying(name)) decideFirst(*runner, toStart);
  context_.seen.clear();
  startByPriority(std::move(toStart));
}

void Fleet::takeOver() {
  for (const auto& [name, runner] : runners_) (void)runner->adopt();
  context_.seen.clear();
}

/// What happens to one instance when the manager starts.
void Fleet::decideFirst(Runner& runner, std::vector<std::string>& toStart) {
  auto& memory = runner.memory();
  const auto& entry = runner.entry();
  auto seen = see(&runner);
  seen.runs = runner.adopt();
  seen.inherited = Inherited{.enabled = memory.isEnabled(entry.enabled)};
  if (const auto& record = runner.record()) {
    seen.inherited->wanted = record->wanted;
    seen.inherited->stopping = record->stopping;
  }
  const auto decision = decide(seen, &entry);
  if (decision.checks) return applyIfGood(runner, decision);
  memory.deployed = fingerprintOf(entry).text();
  (void)runner.saveMemory();
  if (decision.deed == Deed::Stop) return runner.stop([](const OperationResult&) {});
  if (decision.deed == Deed::Restart) return runner.restart([](const OperationResult&) {});
  if (decision.starts) {
    toStart.push_back(entry.name);
  } else if (decision.files) {
    runner.deploy(layout::Mode::Apply, [name = entry.name](const layout::Report& report) {
      for (const auto& error : report.errors) about(name).error("instance '{}': {}", name, error);
    });
  }
}

/// Its entry was changed while no manager ran. What runs is not stopped for a start that must fail: until the entry can
/// be applied, it is not what was deployed, and the next reload or manager tries again.
void Fleet::applyIfGood(Runner& runner, const Decision& decision) {
  const auto turn = beginChange(runner.entry().name);
  turn->checking = true;
  runner.check([this, turn, decision, name = runner.entry().name](const CheckResult& result) {
    if (turn->over) return;
    if (result.objection)
      about(name).error("instance '{}' goes on as it was; its changed entry is refused: {}", name, *result.objection);
    auto* const here = staying(name);
    if (!here || result.objection) return;
    here->memory().deployed = fingerprintOf(here->entry()).text();
    (void)here->saveMemory();
    if (decision.deed == Deed::Restart) return here->restart([](const OperationResult&) {});
    here->deploy(layout::Mode::Apply,
                 [here](const layout::Report&) { here->updatePrograms([](const OperationResult&) {}); });
  });
}

/// Instances whose entries were taken away while no manager ran: they are stopped, and what was generated goes.
void Fleet::clearForgotten(const entries::Loaded& loaded) {
  if (!loaded.brokenFiles.empty()) return;
  for (const auto& name : filesIn(context_.stateDirectory + "/state")) {
    if (find(name) || loaded.refusedNames.count(name)) continue;
    PersistentState memory(context_.statePath(name));
    memory.load();
    entries::Entry entry;
    entry.name = name;
    entry.identity = memory.owner;
    entry.owner.uid = memory.owner.uid;
    entry.owner.name = fmt::format("uid {}", memory.owner.uid);
    auto& runner = add(std::move(entry));
    leaving_[name];
    (void)runner.adopt();
    runner.stop([this, name](const OperationResult&) {
      find(name)->removeFiles(false, [this, name](const layout::Report&) { leave(name); });
    });
  }
}

void Fleet::startByPriority(std::vector<std::string> names) {
  if (names.empty() || ending_) return;
  int first = INT32_MAX;
  const auto priorityOf = [&](const std::string& name) {
    return find(name) ? find(name)->entry().priority : INT32_MAX;
  };
  for (const auto& name : names) first = std::min(first, priorityOf(name));
  std::vector<std::string> batch, later;
  for (auto& name : names) (priorityOf(name) == first ? batch : later).push_back(std::move(name));
  // The last share of the batch starts the next one.
  const std::shared_ptr<void> next(nullptr, [this, later, alive = std::weak_ptr(alive_)](void*) {
    if (!alive.expired()) startByPriority(later);
  });
  for (const auto& name : batch)
    if (auto* const runner = find(name)) runner->start([next](const OperationResult&) {});
}

void Fleet::stopByPriority(std::vector<std::string> names, std::function<void()> done) {
  if (names.empty()) return done();
  int last = INT32_MIN;
  const auto priorityOf = [&](const std::string& name) {
    return find(name) ? find(name)->entry().priority : INT32_MIN;
  };
  for (const auto& name : names) last = std::max(last, priorityOf(name));
  std::vector<std::string> batch, later;
  for (auto& name : names) (priorityOf(name) == last ? batch : later).push_back(std::move(name));
  const std::shared_ptr<void> next(nullptr, [this, later, done, alive = std::weak_ptr(alive_)](void*) {
    if (!alive.expired()) stopByPriority(later, done);
  });
  for (const auto& name : batch)
    if (auto* const runner = find(name)) runner->stopForNow([next](const OperationResult&) {});
}

void Fleet::stopAll(std::function<void()> done) {
  ending_ = context_.ending = true;
  stopByPriority(names(), std::move(done));
}

}  // namespace instances
