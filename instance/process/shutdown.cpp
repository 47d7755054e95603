// SPDX-License-Identifier: MIT
#include "instance/process/shutdown.hpp"

#include <algorithm>
#include <utility>

#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "instance/process/table.hpp"
#include "lib/core/log.hpp"
#include "lib/core/text.hpp"

namespace process {
namespace {
constexpr core::seconds kReportInterval{3};
constexpr core::seconds kListenerPatience{1};

bool busy(const Group& group) {
  return std::any_of(group.processes().begin(), group.processes().end(),
                     [](const auto& program) { return program->protocol() != nullptr && program->protocol()->busy(); });
}
}  // namespace

Shutdown::Shutdown(core::EventLoop& loop, Table& table, std::function<void()> whenDown)
    : table_(table),
      whenDown_(std::move(whenDown)),
      step_(loop, [this] { step(); }),
      patience_(loop, [this] { step(); }),
      report_(loop, [this] { report(); }) {
  table_.subscribe(*this);
  step_.schedule();
}

Shutdown::~Shutdown() { table_.unsubscribe(*this); }

void Shutdown::onStateChange(Process&, const StateChange& change) {
  if (lifecycle::isStopped(change.to)) step_.schedule();
}

void Shutdown::step() {
  if (!everythingStopped()) {
    if (!report_.armed()) report();
    return;
  }
  report_.disarm();
  if (!whenDown_) return;
  whenDown_();  // if it throws, the loop repeats this step
  whenDown_ = nullptr;
}

/// Stops the groups from the last one to the first; false: a group has still to end.
bool Shutdown::everythingStopped() {
  const auto& groups = table_.groups();
  for (left_ = std::min(left_, groups.size()); left_ > 0; --left_) {
    Group& group = *groups[left_ - 1];
    if (!group.stopped() && stopping_ != group.name()) {
      if (!mayStop(group)) return false;
      stop(group);
      stopping_ = group.name();  // after stop(): if that throws for lack of memory, it is repeated
    }
    if (!group.stopped()) return false;
  }
  return true;
}

bool Shutdown::mayStop(const Group& group) {
  if (!busy(group)) return true;
  if (waitingFor_ == group.name()) return !patience_.armed();
  waitingFor_ = group.name();
  patience_.armIn(kListenerPatience);
  return false;
}

/// Stops all programs of the group together, highest priority number first.
void Shutdown::stop(Group& group) {
  const auto order = group.byPriority();
  std::for_each(order.rbegin(), order.rend(), [](Process* program) { program->shutDown(); });
}

/// Logs which programs have not ended, now and every three seconds, as Supervisor does.
void Shutdown::report() {
  std::vector<std::string> names;
  for (const auto& group : table_.groups())
    for (const auto& program : group->processes())
      if (!lifecycle::isStopped(program->state())) names.push_back(program->name());
  logging::info("waiting for {} to die", core::join(names, ", "));
  report_.armIn(kReportInterval);
}

}  // namespace process
