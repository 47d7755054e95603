// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "instance/probe/probe.hpp"
#include "instance/process/readiness.hpp"
#include "instance/process/side_command.hpp"

namespace process {

/// ready=tcp:..., unix:..., http:... and exec:...: asks again and again until the answer is good, one question at a
/// time.
class ProbeReadiness final : public Readiness {
 public:
  ProbeReadiness(ProcessContext& context, Process& program);

  void onSpawned() noexcept override;
  void describe(std::string& text) const override;

 private:
  void beginLate() override { onSpawned(); }
  void ask();
  void answered(const core::Status& outcome);
  void commandEnded(const SideOutcome& outcome);
  void stop() noexcept override;
  void saveSigns(state::Readiness& saved, state::Outgoing& outgoing) const override;
  void restoreSigns(const state::Readiness& saved, state::Incoming& incoming) override;

  core::Timer timer_;                     ///< for the next question
  std::unique_ptr<probe::Probe> probe_;   ///< nullptr: a command is run
  std::unique_ptr<SideCommand> command_;  ///< the present question
  std::string trouble_;                   ///< why the last answer was not good
};

}  // namespace process
