// SPDX-License-Identifier: MIT
#include "instance/handover/upgrade.hpp"

#include <utility>

#include "instance/handover/successor.hpp"
#include "lib/core/log.hpp"

namespace handover {

Upgrade::Upgrade(core::EventLoop& loop, core::Reaper& reaper, Host host)
    : loop_(loop), reaper_(reaper), host_(std::move(host)), next_(loop, [this] { check_ ? giveWay() : test(); }) {}

Upgrade::~Upgrade() = default;

void Upgrade::begin(Answer answer, core::Completion<core::Status> done) {
  auto obstacle = program_.empty() ? host_.obstacle() : "an upgrade is under way";
  auto program = installedProgram();
  if (obstacle.empty() && program.empty()) obstacle = "the path of its program is unknown, since /proc is missing";
  if (!obstacle.empty()) {
    logging::warn("cannot upgrade supervisord: {}", obstacle);
    return done(core::Err{core::Error{std::move(obstacle)}});
  }
  answer_ = answer;
  done_ = std::move(done);
  program_ = std::move(program);
  next_.schedule();
}

void Upgrade::test() {
  const auto document = writeDocument(host_.save);
  if (!document) return fail(document.error());
  check_ = std::make_unique<StateCheck>(loop_, reaper_, [this](const auto& outcome) { tested(outcome); });
  if (const auto started = check_->start(program_, document->file.get()); !started) fail(started.error());
}

void Upgrade::tested(const core::Status& outcome) {
  if (!outcome) return fail({"the new program " + program_ + " refuses: " + outcome.error().text});
  next_.schedule();
  if (answer_ == Answer::WhenTested) done_({});
}

void Upgrade::giveWay() {
  check_.reset();
  if (auto obstacle = host_.obstacle(); !obstacle.empty()) return fail({std::move(obstacle)});
  logging::info("upgrading supervisord: {} takes over", program_);
  const auto document = writeDocument(host_.save);
  fail(document ? becomeSuccessor(program_, *document) : document.error());
}

void Upgrade::fail(core::Error error) {
  logging::error("cannot upgrade supervisord, the old program continues: {}", error.text);
  check_.reset();
  program_.clear();
  if (done_) done_(core::Err{std::move(error)});
}

}  // namespace handover
