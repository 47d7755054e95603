// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "instance/process/attendants.hpp"

namespace process {

/// The secrets of a program: copies that only it can read, in a directory of their own that lasts as long as the
/// process. CREDENTIALS_DIRECTORY has its path, as systemd has it.
class Credentials : public Attendant {
 public:
  Credentials(ProcessContext& context, const Process& program) : context_(context), program_(program) {}

  /// Reads the secrets with supervisord's rights.
  core::Status beforeSpawn(LaunchExtras& extras) override;
  void onEnded() noexcept override;
  void save(state::Program& saved, state::Outgoing& outgoing) const override;
  void restore(const state::Program& saved, state::Incoming& incoming) override;

 private:
  ProcessContext& context_;
  const Process& program_;
  std::string directory_;  ///< empty: there is none now
};

}  // namespace process
