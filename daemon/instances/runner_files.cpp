// SPDX-License-Identifier: MIT
#include <fmt/core.h>
#include <unistd.h>

#include <utility>

#include "daemon/instances/config_check.hpp"
#include "daemon/instances/runner.hpp"
#include "daemon/layout/tree.hpp"
#include "lib/core/log.hpp"
#include "lib/core/text.hpp"

/// The files of an instance: planned, compared, put in place, removed.
namespace instances {

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

core::Task<layout::Report> Runner::run(layout::Plan plan, layout::Mode mode) {
  logging::debug("instance '{}': {} its files", entry_.name, mode == layout::Mode::Apply ? "applying" : "comparing");
  return layout::deploy({context_.loop, context_.reaper, context_.syncs},
                        {context_.places.root, context_.privileged, mode}, std::move(plan));
}

core::Task<layout::Report> Runner::deployFiles(layout::Mode mode) {
  co_await context_.pacer.turn(core::Pacer::Step::First);
  if (!entry_.managed) co_return layout::Report();
  auto plan = makePlan();
  if (!plan) co_return layout::Report{{}, {plan.error().text}, {}, {}};
  auto after = persistent_;
  const auto gone = after.replaceGenerated(*plan, entry_.refusedDeclared);
  plan->nodes.insert(plan->nodes.begin(), gone.begin(), gone.end());
  if (mode == layout::Mode::Apply) {
    persistent_ = std::move(after);
    (void)saveMemory();
  }
  co_return co_await run(std::move(*plan), mode);
}

core::Task<CheckResult> Runner::checkFiles() {
  const auto refuse = [](std::string objection) { return CheckResult{std::move(objection), {}, false}; };
  co_await context_.pacer.turn(core::Pacer::Step::First);
  auto plan = makePlan();
  if (!plan) co_return refuse(plan.error().text);
  auto after = persistent_;
  const auto gone = after.replaceGenerated(*plan, entry_.refusedDeclared);
  plan->nodes.insert(plan->nodes.begin(), gone.begin(), gone.end());
  const auto report = co_await run(*plan, layout::Mode::DryRun);
  if (!report.errors.empty()) co_return refuse(core::join(report.errors, "; "));
  auto result = co_await checkConfiguration(context_, entry_, persistent_.mark, &*plan);
  result.filesInPlace = report.changes.empty();
  co_return result;
}

core::Task<CheckResult> Runner::checkAsItIs() {
  return checkConfiguration(context_, entry_, persistent_.mark, nullptr);
}

layout::Plan Runner::removalPlan(bool purge) const {
  layout::Plan plan{persistent_.owner, persistent_.allRemovals(purge)};
  if (entry_.managed) plan.owner = entry_.identity;
  return plan;
}

core::Task<layout::Report> Runner::removeGenerated(bool purge) {
  auto plan = removalPlan(purge);
  if (notify_) notify_->remove();
  notify_.reset();
  recordFile_.forget();
  ::unlink(context_.recordPath(entry_.name).c_str());
  if (!context_.groups.remove(entry_.name))
    log().warn("instance '{}': its control group {} has processes, and stays", entry_.name,
               context_.groups.pathOf(entry_.name));
  auto report = co_await run(std::move(plan), layout::Mode::Apply);
  // What could not be removed is still known, and tried again by the next manager.
  if (!report.errors.empty()) co_return report;
  stateFile_.forget();
  persistent_.remove();
  co_return report;
}

}  // namespace instances
