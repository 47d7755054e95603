// SPDX-License-Identifier: MIT
#include "daemon/layout/deployment.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/layout/tree.hpp"
#include "lib/core/text.hpp"

namespace layout {
namespace {

/// A report as text for the pipe of the helper: fields end with '\n', which no path or sentence of ours contains.
std::string toText(const Report& report) {
  std::string out;
  for (const auto& change : report.changes) out += 'C' + change.what + '\n' + change.path + '\n';
  for (const auto& error : report.errors) out += 'E' + core::replaceAll(error, "\n", " ") + '\n';
  return out;
}

/// Reads the report of a helper. It ran with the owner's ids, so its text is only shown and never acted upon.
void addText(const std::string& text, Report& report) {
  const auto lines = core::split(text, '\n');
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].starts_with('E')) report.errors.push_back(lines[i].substr(1));
    if (lines[i].starts_with('C') && i + 1 < lines.size()) {
      report.changes.push_back({lines[i].substr(1), lines[i + 1]});
      ++i;
    }
  }
}

core::Task<> sync(core::GroupSync& syncs, Applying::Unsynced& file) { file.code = co_await syncs.sync(file.fd); }

/// `plan`, `nodes` and `report` must outlive the task.
core::Task<> applyHere(DeployTools tools, DeployOptions options, const Plan& plan, const std::vector<Node>& nodes,
                       Report& report) {
  const auto tree = Tree::open(options.root, ::geteuid(), options.privileged ? &plan.owner : nullptr);
  if (!tree) {
    report.errors.push_back(tree.error().text);
    co_return;
  }
  Applying applying(*tree, nodes, options.mode);
  for (auto files = applying.proceed(); !files.empty(); files = applying.proceed()) {
    core::Join syncing;
    for (auto* const file : files) syncing.run(sync(tools.syncs, *file));
    co_await syncing;
  }
  auto part = applying.takeReport();
  report.changes.insert(report.changes.end(), part.changes.begin(), part.changes.end());
  report.errors.insert(report.errors.end(), part.errors.begin(), part.errors.end());
  report.delegated = std::move(part.delegated);
  report.afterwards = std::move(part.afterwards);
}

/// Runs in the helper.
std::string applyAsOwner(const DeployOptions& options, const std::vector<Node>& nodes) {
  const auto tree = Tree::open(options.root, ::geteuid(), nullptr);
  if (!tree) return 'E' + tree.error().text + '\n';
  return toText(applyNodes(*tree, nodes, options.mode));
}

/// Walks over all nodes once. `plan` must outlive the task.
core::Task<Report> walk(DeployTools tools, DeployOptions options, Plan& plan) {
  Report report;
  // Another deployment of the same instance may have come between.
  if (plan.ledger) plan.ledger->inform(plan);
  co_await applyHere(tools, options, plan, plan.nodes, report);
  if (report.delegated.empty()) co_return report;
  OwnerTask::Work work = [&options, &report] { return applyAsOwner(options, report.delegated); };
  const auto answer = co_await runAsOwner(tools.loop, tools.reaper, plan.owner, std::move(work));
  if (answer)
    addText(*answer, report);
  else
    report.errors.push_back(answer.error().text);
  const auto again = std::move(report.afterwards);
  if (!again.empty() && options.mode == Mode::Apply) {
    co_await applyHere(tools, options, plan, again, report);
    // What is still not empty is more than the owner could remove: it stays.
    for (const auto& node : report.delegated) report.errors.push_back(pathOf(node) + " could not be emptied");
  }
  co_return report;
}

/// Takes out of `making` what is there by now: another deployment of the same instance has made it, and recorded that.
void forgetMade(const DeployOptions& options, const Plan& plan, std::vector<std::string>& making) {
  const auto tree = Tree::open(options.root, ::geteuid(), options.privileged ? &plan.owner : nullptr);
  if (!tree) return;
  std::erase_if(making, [&tree](const std::string& path) {
    const auto parent = tree->parentOf(path, false);
    struct stat info {};
    return parent && parent->fd && ::fstatat(parent->fd.get(), parent->name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0;
  });
}

/// Records what the check found to be made, before it is made. An obstacle leaves a report of errors alone.
/// All arguments must outlive the task.
core::Task<> intend(core::GroupSync& syncs, const DeployOptions& options, Plan& plan, Report& report,
                    std::vector<std::string>& making) {
  if (report.errors.empty()) {
    for (const auto& change : report.changes)
      if (change.what == kCreateDirectory) making.push_back(change.path);
    auto draft = plan.ledger->draft(plan, making);
    if (draft) {
      const int code = co_await syncs.sync(draft->file.descriptor());
      if (code != 0) draft.reset();
      forgetMade(options, plan, making);
    }
    if (const auto recorded = plan.ledger->intend(plan, making, draft.get()); !recorded)
      report.errors.push_back("what is to be made cannot be recorded: " + recorded.error().text);
  }
  if (report.errors.empty()) co_return;
  report.changes.clear();
  plan.ledger.reset();
}

}  // namespace

core::Task<Report> deploy(DeployTools tools, DeployOptions options, Plan plan) {
  std::vector<std::string> making;  // directories that the check did not find
  Report report;
  const bool recorded = plan.ledger && options.mode == Mode::Apply;
  if (recorded) {
    auto check = options;
    check.mode = Mode::DryRun;
    report = co_await walk(tools, std::move(check), plan);
    co_await intend(tools.syncs, options, plan, report, making);
  }
  if (!recorded || (report.errors.empty() && !report.changes.empty())) report = co_await walk(tools, options, plan);
  if (plan.ledger && options.mode == Mode::Apply)
    plan.ledger->settle(plan, making, report.changes, report.errors.empty());
  report.delegated.clear();
  report.afterwards.clear();
  co_return report;
}

}  // namespace layout
