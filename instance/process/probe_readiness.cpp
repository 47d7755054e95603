// SPDX-License-Identifier: MIT
#include "instance/process/probe_readiness.hpp"

#include <algorithm>

#include "instance/config/model.hpp"
#include "instance/process/context.hpp"
#include "instance/process/process.hpp"
#include "lib/core/log.hpp"
#include "lib/core/terminal_text.hpp"
#include "lib/core/text.hpp"

namespace process {
namespace {

using TargetKind = config::ProbeTarget::Kind;

/// Few programs are ready immediately: the first question comes a little after the start.
constexpr core::milliseconds kFirstQuestion{50};
constexpr core::milliseconds kQuestionLimit{5000};
constexpr std::size_t kLongestTrouble = 200;

}  // namespace

ProbeReadiness::ProbeReadiness(ProcessContext& context, Process& program)
    : Readiness(context, program), timer_(context.loop(), [this] { ask(); }) {
  const auto& target = program.config().extension->readiness.probe;
  if (target.kind != TargetKind::Exec) probe_ = std::make_unique<probe::Probe>(context.loop(), target);
}

void ProbeReadiness::onSpawned() noexcept {
  timer_.armIn(std::min(kFirstQuestion, program_.config().extension->readiness.interval));
}

void ProbeReadiness::ask() {
  if (!expecting()) return;
  if (probe_) return probe_->start(kQuestionLimit, [this](const core::Status& outcome) { answered(outcome); });
  const ProcessContext::Turn turn(context_);
  context_.touch(program_);
  command_ = std::make_unique<SideCommand>(
      context_, program_,
      SideCommand::Spec{program_.config().extension->readiness.probe.place, {}, kQuestionLimit, false, false},
      [this](const SideOutcome& outcome) { commandEnded(outcome); });
}

void ProbeReadiness::commandEnded(const SideOutcome& outcome) {
  context_.touch(program_);
  const auto ended = std::exchange(command_, nullptr);
  if (outcome.succeeded()) return answered({});
  answered(core::Err{
      core::Error{config::toText(program_.config().extension->readiness.probe) + ": " + outcome.text(kQuestionLimit)}});
}

void ProbeReadiness::answered(const core::Status& outcome) {
  if (!expecting()) return;
  if (outcome) return meet();
  trouble_ = core::printable(core::toUtf8(std::string_view(outcome.error().text).substr(0, kLongestTrouble)));
  logging::debug("{} is not ready: {}", program_.fullName(), trouble_);
  timer_.armIn(program_.config().extension->readiness.interval);
}

void ProbeReadiness::describe(std::string& text) const {
  if (!trouble_.empty()) text.append(": ").append(trouble_);
}

void ProbeReadiness::stop() noexcept {
  timer_.disarm();
  if (probe_) probe_->cancel();
  command_.reset();
  trouble_.clear();
}

void ProbeReadiness::saveSigns(state::Readiness& saved, state::Outgoing& outgoing) const {
  if (command_) saved.question = command_->save(outgoing);
}

void ProbeReadiness::restoreSigns(const state::Readiness& saved, state::Incoming& incoming) {
  if (!saved.question || probe_) return onSpawned();
  command_ = std::make_unique<SideCommand>(context_, program_, *saved.question, incoming,
                                           [this](const SideOutcome& outcome) { commandEnded(outcome); });
}

}  // namespace process
