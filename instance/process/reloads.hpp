// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "instance/process/side_command.hpp"
#include "lib/core/completion.hpp"
#include "lib/core/result.hpp"

namespace process {

/// The reload_commands that run now, at most one for each program. A program that has none takes no memory here.
class Reloads {
 public:
  /// Runs the command of `program`. `done` gets how it ended, with an error that names the command.
  void begin(ProcessContext& context, Process& program, core::Completion<core::Status> done);
  /// Continues that of a predecessor. How it ends is logged.
  void restore(ProcessContext& context, Process& program, const state::SideCommand& saved, state::Incoming& incoming);
  /// The command of `program`; nullptr: it does not run.
  [[nodiscard]] const SideCommand* find(const Process& program) const noexcept;
  /// The process of `program` has ended: its command is killed, and ends soon.
  void end(const Process& program) noexcept;
  /// `program` is about to be destroyed.
  void drop(const Process& program) noexcept {
    if (!runs_.empty()) runs_.erase(&program);
  }

 private:
  struct Run {
    core::Completion<core::Status> done;
    std::unique_ptr<SideCommand> command;
  };
  void ended(ProcessContext& context, Process& program, const SideOutcome& outcome);

  std::unordered_map<const Process*, Run> runs_;
};

}  // namespace process
