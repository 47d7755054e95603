// SPDX-License-Identifier: MIT
#include "instance/process/order.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "instance/config/model.hpp"
#include "instance/process/context.hpp"
#include "instance/process/group.hpp"
#include "instance/process/health.hpp"
#include "instance/process/process.hpp"
#include "lib/core/log.hpp"
#include "lib/core/text.hpp"

namespace process {
namespace {

using lifecycle::ProcessState;

/// How many names a description shows.
constexpr std::size_t kMostNames = 5;

const config::Dependences& settingsOf(const Process& program) noexcept {
  return program.config().extension->dependences;
}

lifecycle::Standing standingOf(const Process& program) noexcept {
  const auto& codes = program.config().exitCodes;
  return {program.state(), settingsOf(program).oneshot,
          std::find(codes.begin(), codes.end(), program.exitStatus()) != codes.end(),
          program.health() != nullptr && program.health()->state() == lifecycle::HealthState::Healthy};
}

/// It has to be stopped before what it depends on, or is being stopped.
bool isBusy(const Process& program) noexcept {
  return lifecycle::isActive(program.state()) || program.state() == ProcessState::Stopping;
}

bool isStartable(const Process& program) noexcept {
  return program.pid() == 0 && (program.state() == ProcessState::Backoff ||
                                (lifecycle::isStopped(program.state()) && program.state() != ProcessState::Unknown));
}

std::string listed(const std::vector<std::string>& names) {
  if (names.size() <= kMostNames) return core::join(names, ", ");
  const std::vector<std::string> shown(names.begin(), names.begin() + kMostNames);
  const auto left = names.size() - kMostNames;
  return fmt::format("{} and {}", core::join(shown, ", "), left == 1 ? "1 other" : fmt::format("{} others", left));
}

}  // namespace

Order::Order(ProcessContext& context)
    : context_(context), look_(context.loop(), [this] {
        refresh();
        reviewAll();
      }) {
  context_.subscribe(*this);
}
Order::~Order() { context_.unsubscribe(*this); }

void Order::joined() noexcept {
  stale_ = true;
  look_.schedule();
}

void Order::forget(const Process& program) noexcept {
  programs_.clear();
  nodes_.clear();
  delays_.erase(&program);
  joined();
}

/// Takes in the programs of now, if others were added or removed.
void Order::refresh() {
  if (!stale_) return;
  std::vector<lifecycle::Place> places;
  programs_.clear();
  nodes_.clear();
  unknown_.clear();
  for (const auto& group : context_.groups())
    for (Process* const program : group->byPriority()) {
      nodes_.emplace(program, static_cast<Node>(programs_.size()));
      programs_.push_back(program);
      places.push_back({group->name(), program->name()});
    }
  connect(lifecycle::Directory(std::move(places)));
  stale_ = false;
  reviewAll();
}

/// Makes the graph. A configuration has no cycle, but groups that are updated one by one have parts of two: their
/// programs would wait for each other also to stop, and so would the end of supervisord.
void Order::connect(const lifecycle::Directory& directory) {
  graph_ = lifecycle::Graph(programs_.size());
  std::unordered_set<Node> alone;
  for (Node node = 0; node < programs_.size(); ++node) addNeeds(node, directory);
  for (auto cycle = graph_.cycle(); !cycle.empty(); cycle = graph_.cycle()) {
    alone.insert(cycle.front());
    logging::warn("depends_on of {} does not count until an update of its group or of {}: they wait for each other",
                  programs_[cycle.front()]->fullName(), programs_[cycle[1]]->fullName());
    graph_ = lifecycle::Graph(programs_.size());
    unknown_.clear();
    for (Node node = 0; node < programs_.size(); ++node)
      if (alone.count(node) == 0) addNeeds(node, directory);
  }
}

void Order::addNeeds(Node node, const lifecycle::Directory& directory) {
  for (const auto& dependence : settingsOf(*programs_[node]).on) {
    const auto found = directory.find(dependence);
    if (!found) unknown_[node].push_back(toText(dependence));
    if (!found) continue;
    for (const auto on : *found) graph_.add(node, on, dependence.condition);
  }
}

void Order::reviewAll() {
  const ProcessContext::Turn turn(context_);
  for (Node node = 0; node < programs_.size(); ++node) {
    review(node);
    stopIfFree(node);
  }
}

std::optional<Order::Node> Order::nodeOf(const Process& program) {
  refresh();
  const auto found = nodes_.find(&program);
  return found == nodes_.end() ? std::nullopt : std::optional(found->second);
}

bool Order::met(const Edge& need) const noexcept {
  const Process& program = *programs_[need.to];
  return program.waits().stop == Along::Nobody && lifecycle::meets(need.condition, standingOf(program));
}

bool Order::isMissing(Node node) const noexcept {
  const auto needs = graph_.needs(node);
  return unknown_.count(node) > 0 ||
         std::any_of(needs.begin(), needs.end(), [this](const Edge& need) { return !met(need); });
}

std::vector<std::string> Order::missing(const Process& program) {
  std::vector<std::string> names;
  const auto node = nodeOf(program);
  if (!node) return names;
  for (const Edge& need : graph_.needs(*node))
    if (!met(need)) names.push_back(programs_[need.to]->fullName());
  if (const auto unknown = unknown_.find(*node); unknown != unknown_.end())
    names.insert(names.end(), unknown->second.begin(), unknown->second.end());
  return names;
}

std::string Order::waitText(const Process& program) {
  const auto names = missing(program);
  auto text = "waiting for " + (names.empty() ? "start_delay" : listed(names));
  const auto node = nodeOf(program);
  if (!node) return text;
  for (const Edge& need : graph_.needs(*node)) {
    const Process& needed = *programs_[need.to];
    if (met(need) || isBusy(needed) || needed.waits().start || !needed.startIsForbidden()) continue;
    return text + (names.size() == 1 ? ", which" : "; " + needed.fullName()) + " is outside of its run_window";
  }
  return text;
}

bool Order::postponesStart(Process& program, bool asked) {
  const auto node = nodeOf(program);
  if (!node) return false;
  const ProcessContext::Turn turn(context_);
  if (asked) {
    const auto unmet = [this](Node, const Edge& need) { return !met(need); };
    for (const auto needed : graph_.allNeeds(*node, unmet)) startNeeded(*programs_[needed], needed);
  }
  const auto delay = settingsOf(program).startDelay;
  const bool waits = isMissing(*node);
  context_.touch(program);
  delays_.erase(&program);
  program.waits_.start = waits || (!asked && delay.count() > 0);
  program.waits_.stop = Along::Nobody;
  if (!program.waits_.start) return false;
  if (!waits) delays_[&program] = core::Clock::now() + delay;
  logging::info("{} is {}", program.name(), waitText(program));
  program.updateDeadline();
  return true;
}

/// What a start by hand needs, when what that needs has been begun. Nobody has named it: its run_window counts.
void Order::startNeeded(Process& program, Node node) {
  if (program.disabled() || program.startIsForbidden() ||
      (program.state() != ProcessState::Stopping && !isStartable(program)))
    return;
  context_.touch(program);
  program.waits_.stop = Along::Nobody;
  program.waits_.start = true;
  if (isStartable(program) && !isMissing(node)) begin(program);
}

void Order::begin(Process& program) {
  delays_.erase(&program);
  program.waits_.start = false;
  program.waits_.held = false;
  program.tell(lifecycle::input::Start{});
}

void Order::withdraw(Process& program) {
  context_.touch(program);
  program.waits_.start = false;
  delays_.erase(&program);
  program.updateDeadline();
  context_.tell([&](Observer& o) { o.onStartWithdrawn(program); });
}

/// Something that it depends on has changed, or it itself.
void Order::review(Node node) {
  Process& program = *programs_[node];
  const bool missing = isMissing(node);
  if (program.waits_.held != missing) {
    program.waits_.held = missing;
    if (missing) delays_.erase(&program);
    program.updateDeadline();
  }
  if (!missing) release(program);
}

/// Nothing is missing any more.
void Order::release(Process& program) {
  if (!program.waits_.start || !isStartable(program)) return;
  if (context_.supervisorState() != SupervisorState::Running) return;
  const auto delay = settingsOf(program).startDelay;
  if (delay.count() > 0 && delays_.count(&program) == 0) {
    context_.touch(program);
    delays_[&program] = core::Clock::now() + delay;
    return program.updateDeadline();
  }
  if (const auto due = startDue(program); !due || *due <= core::Clock::now()) begin(program);
}

std::optional<core::Instant> Order::startDue(const Process& program) const noexcept {
  const auto found = delays_.find(&program);
  return found == delays_.end() ? std::nullopt : std::optional(found->second);
}

void Order::due(Process& program) {
  if (const auto node = nodeOf(program); node && startDue(program)) review(*node);
}

lifecycle::Graph::Counts Order::taken(Along along) const {
  return [this, along](Node from, const Edge& edge) {
    if (along == Along::Nobody || !lifecycle::lasts(edge.condition, settingsOf(*programs_[from]).oneshot)) return false;
    return along == Along::All || settingsOf(*programs_[edge.to]).restart;
  };
}

bool Order::hasBusyDependents(Node node, Along along) const {
  const auto counts = taken(along);
  const auto dependents = graph_.dependents(node);
  return std::any_of(dependents.begin(), dependents.end(), [&](const Edge& dependent) {
    return counts(node, dependent) && isBusy(*programs_[dependent.to]);
  });
}

bool Order::postponesStop(Process& program, Along along) {
  const auto node = nodeOf(program);
  if (!node || along == Along::Nobody) return false;
  const ProcessContext::Turn turn(context_);
  std::vector<std::string> names;
  for (const auto place : graph_.allDependents(*node, taken(along))) {
    Process& dependent = *programs_[place];
    if (!isBusy(dependent)) continue;
    names.push_back(dependent.fullName());
    takeAlong(dependent, place, along);
  }
  context_.touch(program);
  program.waits_.stop = hasBusyDependents(*node, along) ? along : Along::Nobody;
  if (!names.empty()) logging::info("to be stopped before {}, which they depend on: {}", program.name(), listed(names));
  return program.waits_.stop != Along::Nobody;
}

/// Stops a program because of another one that is stopped. It starts again when that does.
void Order::takeAlong(Process& program, Node node, Along along) {
  if (program.state() == ProcessState::Stopping || program.waits_.stop != Along::Nobody) return;
  context_.touch(program);
  program.waits_.start = context_.supervisorState() == SupervisorState::Running;
  if (hasBusyDependents(node, along))
    program.waits_.stop = along;
  else
    program.beginStop();
}

/// A program is started, again if others that depend on it run.
void Order::restartDependents(Node node) {
  for (const Edge& edge : graph_.dependents(node)) {
    Process& dependent = *programs_[edge.to];
    if (!settingsOf(dependent).restart || !lifecycle::isActive(dependent.state())) continue;
    if (dependent.waits_.stop != Along::Nobody) continue;
    logging::info("{} restarts with {}", dependent.name(), programs_[node]->name());
    if (!postponesStop(dependent, Along::Restarting)) takeAlong(dependent, edge.to, Along::Restarting);
    dependent.waits_.start = true;
  }
}

/// If it waits for the end of others, and they have ended, its own stop begins.
void Order::stopIfFree(Node node) {
  Process& program = *programs_[node];
  const auto along = program.waits_.stop;
  if (along == Along::Nobody || hasBusyDependents(node, along)) return;
  // What has ended meanwhile by itself must not be started again by itself.
  if (!isBusy(program) && program.state() != ProcessState::Stopped) return;
  context_.touch(program);
  program.waits_.stop = Along::Nobody;
  if (lifecycle::isActive(program.state())) program.beginStop();
}

/// What depends on it changes in the next turn: nothing may from here.
void Order::onHealth(Process& /*program*/, const HealthChange& /*change*/) { look_.schedule(); }

void Order::onStateChange(Process& program, const StateChange& change) {
  const auto node = nodeOf(program);
  if (!node) return;
  if (change.to == ProcessState::Starting) restartDependents(*node);
  for (const Edge& edge : graph_.dependents(*node)) review(edge.to);
  if (program.waits_.start) review(*node);
  if (!lifecycle::isStopped(change.to)) return;
  stopIfFree(*node);
  for (const Edge& need : graph_.needs(*node)) stopIfFree(need.to);
}

std::vector<Process*> Order::inStopOrder(const std::vector<Process*>& programs, Along along) {
  std::vector<Process*> out;
  std::unordered_set<const Process*> seen;
  for (Process* const program : programs) {
    if (const auto node = nodeOf(*program); node && lifecycle::isActive(program->state()))
      for (const auto place : graph_.allDependents(*node, taken(along)))
        if (isBusy(*programs_[place]) && seen.insert(programs_[place]).second) out.push_back(programs_[place]);
    if (seen.insert(program).second) out.push_back(program);
  }
  return out;
}

std::vector<Process*> Order::inStartOrder(const std::vector<Process*>& programs) {
  std::vector<Process*> out;
  const std::unordered_set<const Process*> chosen(programs.begin(), programs.end());
  std::unordered_set<const Process*> seen;
  for (Process* const program : programs) {
    if (const auto node = nodeOf(*program))
      for (const auto place : graph_.allNeeds(*node, {}))
        if (chosen.count(programs_[place]) > 0 && seen.insert(programs_[place]).second) out.push_back(programs_[place]);
    if (seen.insert(program).second) out.push_back(program);
  }
  return out;
}

}  // namespace process
