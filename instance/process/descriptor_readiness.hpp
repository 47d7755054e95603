// SPDX-License-Identifier: MIT
#pragma once

#include "instance/process/readiness.hpp"
#include "lib/core/unique_fd.hpp"

namespace process {

/// ready=fd:N, as s6 has it: the program writes a newline to the descriptor, a pipe to us, and closes it.
class DescriptorReadiness final : public Readiness {
 public:
  DescriptorReadiness(ProcessContext& context, Process& program);

  core::Status beforeSpawn(LaunchExtras& extras) override;
  void adopt(state::Incoming& incoming) noexcept override;
  void onSpawned() noexcept override;

 private:
  void look() override;
  void stop() noexcept override;
  void saveSigns(state::Readiness& saved, state::Outgoing& outgoing) const override;
  void restoreSigns(const state::Readiness& saved, state::Incoming& incoming) override;

  core::UniqueFd reader_;
  core::UniqueFd writer_;  ///< the program's end, until it has it
  core::IoWatch watch_;
  bool lost_ = false;  ///< our end, in the crash of a predecessor
};

}  // namespace process
