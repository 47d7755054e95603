// SPDX-License-Identifier: MIT
#include "daemon/instances/boot.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <set>
#include <utility>

#include "daemon/instances/fleet.hpp"
#include "daemon/instances/guarded.hpp"
#include "daemon/instances/keyed_file.hpp"
#include "daemon/instances/process_details.hpp"
#include "lib/core/log.hpp"

namespace instances {
namespace {

constexpr auto kLookAgain = core::seconds(1);

/// Processes that may be instances: of records, and leaders of sessions of an owner, since a record may be lost.
std::set<pid_t> candidates(Fleet& fleet) {
  auto& context = fleet.context();
  std::set<pid_t> out;
  for (const auto& name : filesIn(context.runDirectory + "/adoption"))
    if (const auto record = Record::read(context.recordPath(name)); record && record->pid > 1) out.insert(record->pid);
  std::set<uid_t> owners;
  for (const auto& name : fleet.names())
    owners.insert(context.privileged ? fleet.find(name)->entry().identity.uid : ::geteuid());
  for (const auto& process : context.snapshot.get(core::Duration::zero())->all())
    if (process.session == process.pid && owners.count(process.uid)) out.insert(process.pid);
  out.erase(::getpid());
  return out;
}

core::Task<> pause(core::EventLoop& loop, core::Duration time) {
  std::unique_ptr<core::Timer> timer;
  (void)co_await core::completes<bool>([&](core::Completion<bool> done) {
    const auto shared = std::make_shared<core::Completion<bool>>(std::move(done));
    timer = std::make_unique<core::Timer>(loop, [shared] { (*shared)(true); });
    timer->armIn(time);
  });
}

}  // namespace

core::Task<> lookForInstances(Fleet& fleet) {
  auto& context = fleet.context();
  for (;;) {
    context.seen.clear();
    std::vector<pid_t> held;
    // Held by a descriptor before anything of it is read: its number may be given to another process meanwhile.
    for (const auto pid : candidates(fleet))
      if (auto pidfd = openPidfd(pid)) {
        context.seen[pid].pidfd = std::move(pidfd);
        held.push_back(pid);
      }
    const auto details = co_await readDetailsInHelper(context.loop, context.reaper, std::move(held));
    if (details) {
      for (const auto& [pid, one] : *details) context.seen[pid].details = one;
      co_return;
    }
    // A process that is not taken over is stopped as a leftover. A helper that failed must not have that effect.
    logging::error("cannot look at what runs already: the helper failed; trying again");
    co_await pause(context.loop, kLookAgain);
  }
}

core::Task<> Boot::run(entries::Loaded loaded) {
  const auto forgotten = addForgotten(loaded);
  // All are taken over before anything is done: a start ends leftover processes, and must know the main process of
  // every instance by then.
  std::vector<Item> items;
  for (const auto& name : fleet_.names()) items.push_back(decideFirst(name, forgotten.count(name) > 0));
  fleet_.context().seen.clear();
  dropKept(items);
  core::Join settling;
  std::map<std::string, Item> toStart;
  std::vector<std::string> names;
  for (auto& item : items) {
    const auto name = item.name;
    const auto& decision = item.decision;
    if (decision.deed == Deed::Remove) {
      settling.run(guarded(name, remove(name)));
    } else if (decision.starts && !item.adopted) {
      names.push_back(name);
      toStart.emplace(name, std::move(item));
    } else if (decision.deed != Deed::Nothing || decision.files) {
      settling.run(guarded(name, settle(std::move(item))));
    }
  }
  for (const auto& [priority, batch] : fleet_.byPriority(names)) {
    if (fleet_.ending()) break;
    core::Join starting;
    for (const auto& name : batch) starting.run(guarded(name, start(std::move(toStart.at(name)))));
    co_await starting;
  }
  co_await settling;
}

/// Descriptors of instances that neither run nor start are of no use.
void Boot::dropKept(const std::vector<Item>& items) {
  std::set<std::string> used;
  for (const auto& item : items)
    if (item.adopted || item.decision.starts) used.insert(item.name);
  auto& stores = fleet_.context().stores;
  for (const auto& name : stores.instances())
    if (!used.count(name)) stores.drop(name);
}

/// Instances whose entries were deleted while no manager ran: they are stopped, and their generated files removed.
std::set<std::string> Boot::addForgotten(const entries::Loaded& loaded) {
  std::set<std::string> out;
  if (!loaded.brokenFiles.empty()) return out;  // the entry may be in one of them
  const auto& context = fleet_.context();
  for (const auto& name : filesIn(context.stateDirectory + "/state")) {
    if (fleet_.find(name) || loaded.refusedNames.count(name)) continue;
    PersistentState memory(context.statePath(name));
    memory.load();
    entries::Entry entry;
    entry.name = name;
    entry.identity = memory.owner;
    entry.owner.uid = memory.owner.uid;
    entry.owner.name = fmt::format("uid {}", memory.owner.uid);
    (void)fleet_.add(std::move(entry));
    out.insert(name);
  }
  return out;
}

Boot::Item Boot::decideFirst(const std::string& name, bool forgotten) {
  auto& runner = *fleet_.find(name);
  Item item;
  item.name = name;
  item.adopted = runner.adopt();
  auto seen = Fleet::see(&runner);
  seen.runs = item.adopted;
  seen.inherited = Inherited{.enabled = runner.memory().isEnabled(runner.entry().enabled)};
  if (const auto* const record = runner.record()) {
    seen.inherited->wanted = record->wanted;
    seen.inherited->stopping = record->stopping;
  }
  item.decision = decide(seen, forgotten ? nullptr : &runner.entry());
  // Recorded now, so that a reload during the start finds nothing more to do. What is checked may be refused.
  const bool onlyDescribed = seen.fresh && !runner.entry().managed;
  if (!onlyDescribed && !forgotten && !item.decision.checks)
    item.before = EntryApplier::recordDeployed(runner, item.change);
  return item;
}

core::Task<> Boot::start(Item item) {
  if (item.decision.files) {
    auto turn = co_await fleet_.turns().enter(item.name);
    if (turn) co_await finish(std::move(turn), std::move(item));
  } else if (auto* const runner = fleet_.staying(item.name); runner && runner->stops() == 0) {
    (void)co_await runner->start();
  }
}

/// For an instance that is not started by priority: it runs, or stays stopped.
core::Task<> Boot::settle(Item item) {
  const auto name = item.name;
  auto turn = co_await fleet_.turns().enter(name);
  auto* runner = turn ? fleet_.staying(name) : nullptr;
  if (!runner) co_return;
  if (item.decision.checks) {
    turn->setChecking(true);
    const auto result = co_await runner->check();
    turn->setChecking(false);
    if (turn->over()) co_return;
    if (result.objection) {
      // It is not what counts as deployed: the next reload or manager tries again.
      about(name).error("instance '{}' keeps running as before; its changed entry is refused: {}", name,
                        *result.objection);
      co_return;
    }
    runner = fleet_.staying(name);
    if (!runner) co_return;
    item.before = EntryApplier::recordDeployed(*runner, item.change);
  }
  if (item.decision.deed == Deed::Restart) {
    turn.reset();
    if (runner->stops() == 0) (void)co_await runner->restart();  // its start puts the files in place
    co_return;
  }
  if (item.decision.deed == Deed::Stop) (void)co_await runner->stop();
  if (item.decision.files) co_await finish(std::move(turn), std::move(item));
}

/// Nobody waits for a report, so what failed is logged. A failed start is logged by the runner.
core::Task<> Boot::finish(std::unique_ptr<Turns::Change> turn, Item item) {
  const auto name = item.name;
  co_await applier_.finish(std::move(turn), name, item.decision, 0, std::move(item.before), item.change);
  for (const auto& error : item.change.report.errors) about(name).error("instance '{}': {}", name, error);
  for (const auto& failure : item.change.failures)
    if (failure.cause == Failure::Cause::NotUpdated) about(name).error("{}", failure.text);
}

core::Task<> Boot::remove(std::string name) { (void)co_await applier_.remove(std::move(name), false); }

}  // namespace instances
