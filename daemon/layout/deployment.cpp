// SPDX-License-Identifier: MIT
#include "daemon/layout/deployment.hpp"

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

/// Reads what a helper said. It had the owner's ids: its words are shown, and nothing is done on their account.
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

}  // namespace

Deployment::Deployment(core::EventLoop& loop, core::Reaper& reaper, Options options)
    : loop_(loop), reaper_(reaper), options_(std::move(options)) {}

void Deployment::run(Plan plan, Done done) {
  plan_ = std::move(plan);
  done_ = std::move(done);
  checking_ = plan_.ledger && options_.mode == Mode::Apply;
  pass();
}

/// Goes through all nodes once.
void Deployment::pass() {
  report_ = {};
  // Another deployment of the same instance may have come between.
  if (plan_.ledger) plan_.ledger->inform(plan_);
  applyHere(plan_.nodes);
  if (report_.delegated.empty()) return passed();
  delegate();
}

void Deployment::applyHere(const std::vector<Node>& nodes) {
  const auto tree = Tree::open(options_.root, ::geteuid(), options_.privileged ? &plan_.owner : nullptr);
  if (!tree) {
    report_.errors.push_back(tree.error().text);
    return;
  }
  auto part = applyNodes(*tree, nodes, mode());
  report_.changes.insert(report_.changes.end(), part.changes.begin(), part.changes.end());
  report_.errors.insert(report_.errors.end(), part.errors.begin(), part.errors.end());
  report_.delegated = std::move(part.delegated);
  report_.afterwards = std::move(part.afterwards);
}

void Deployment::delegate() {
  const auto work = [this] {
    const auto tree = Tree::open(options_.root, ::geteuid(), nullptr);
    if (!tree) return 'E' + tree.error().text + '\n';
    return toText(applyNodes(*tree, report_.delegated, mode()));
  };
  task_ = std::make_unique<OwnerTask>(loop_, reaper_, &plan_.owner, work,
                                      [this](core::Expected<std::string> answer) { onHelper(std::move(answer)); });
}

void Deployment::onHelper(core::Expected<std::string> answer) {
  if (answer)
    addText(*answer, report_);
  else
    report_.errors.push_back(answer.error().text);
  const auto again = std::move(report_.afterwards);
  if (!again.empty() && mode() == Mode::Apply) {
    applyHere(again);
    // What is still not empty is more than the owner could remove: it stays.
    for (const auto& node : report_.delegated) report_.errors.push_back(pathOf(node) + " could not be emptied");
  }
  passed();
}

void Deployment::passed() {
  if (!checking_) return finish();
  // Either all of it can be done, or nothing is.
  if (report_.errors.empty()) {
    for (const auto& change : report_.changes)
      if (change.what == kCreateDirectory) making_.push_back(change.path);
    if (const auto recorded = plan_.ledger->intend(plan_, making_); !recorded)
      report_.errors.push_back("what is to be made cannot be recorded: " + recorded.error().text);
  }
  if (!report_.errors.empty()) {
    report_.changes.clear();
    plan_.ledger.reset();
    return finish();
  }
  checking_ = false;
  if (report_.changes.empty()) return finish();
  pass();
}

void Deployment::finish() {
  if (plan_.ledger && options_.mode == Mode::Apply)
    plan_.ledger->settle(plan_, making_, report_.changes, report_.errors.empty());
  report_.delegated.clear();
  report_.afterwards.clear();
  const auto done = std::move(done_);
  done_ = nullptr;
  done(std::move(report_));  // may destroy this
}

}  // namespace layout
