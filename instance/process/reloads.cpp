// SPDX-License-Identifier: MIT
#include "instance/process/reloads.hpp"

#include <utility>

#include "instance/config/model.hpp"
#include "instance/process/context.hpp"
#include "instance/process/process.hpp"
#include "lib/core/log.hpp"

namespace process {

void Reloads::begin(ProcessContext& context, Process& program, core::Completion<core::Status> done) {
  const auto& how = program.config().extension->reloading;
  const auto [at, isNew] = runs_.try_emplace(&program);
  if (!isNew) return done(core::Err{core::Error{"its reload_command is still running", 0}});
  const auto pid = std::to_string(program.pid());
  try {
    at->second.command = std::make_unique<SideCommand>(
        context, program,
        SideCommand::Spec{how.command, {{"SUPERVISOR_PROGRAM_PID", pid}, {"MAINPID", pid}}, how.limit, true, false},
        [this, &context, &program](const SideOutcome& outcome) { ended(context, program, outcome); });
  } catch (...) {
    runs_.erase(&program);
    throw;
  }
  at->second.done = std::move(done);
  context.touch(program);
}

void Reloads::restore(ProcessContext& context, Process& program, const state::SideCommand& saved,
                      state::Incoming& incoming) {
  runs_[&program].command = std::make_unique<SideCommand>(
      context, program, saved, incoming,
      [this, &context, &program](const SideOutcome& outcome) { ended(context, program, outcome); });
}

const SideCommand* Reloads::find(const Process& program) const noexcept {
  const auto at = runs_.find(&program);
  return at == runs_.end() ? nullptr : at->second.command.get();
}

void Reloads::end(const Process& program) noexcept {
  if (const auto at = runs_.find(&program); at != runs_.end()) at->second.command->kill();
}

void Reloads::ended(ProcessContext& context, Process& program, const SideOutcome& outcome) {
  auto run = runs_.extract(&program);
  context.touch(program);
  core::Status status;
  if (!outcome.succeeded())
    status = core::Err{core::Error{"its reload_command failed: " + outcome.text(run.mapped().command->limit()), 0}};
  logging::attempt([&] {
    if (status)
      logging::info("reloaded: {} by its reload_command", program.fullName());
    else
      logging::warn("not reloaded: {}: {}", program.fullName(), status.error().text);
  });
  if (run.mapped().done) run.mapped().done(std::move(status));
}

}  // namespace process
