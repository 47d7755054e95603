// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "instance/process/attendants.hpp"
#include "lib/core/unique_fd.hpp"

namespace process {

/// The control group of a program's process: with its limits, or to find all that descends from it.
class ProgramCgroup : public Attendant {
 public:
  ProgramCgroup(ProcessContext& context, const Process& program) : context_(context), program_(program) {}

  core::Status beforeSpawn(LaunchExtras& extras) override;
  void adopt(state::Incoming& /*incoming*/) noexcept override { adopted_ = true; }
  void onSpawned() noexcept override;
  void onReaped() noexcept override;
  void onEnded() noexcept override;
  void onReconfigured() override;
  void save(state::Program& saved, state::Outgoing& outgoing) const override;
  void restore(const state::Program& saved, state::Incoming& incoming) override;

  /// Of the group of the process; -1: it has none.
  [[nodiscard]] int descriptor() const noexcept { return directory_.get(); }
  /// If the kernel has killed the last process, or a part of it, for lack of memory, why; else empty. At most once.
  [[nodiscard]] std::string takeMemoryKill() noexcept;
  /// Sets the limits again.
  void apply() noexcept;

 private:
  struct Kills {
    std::uint64_t all = 0;    ///< of processes in the group, for any reason
    std::uint64_t limit = 0;  ///< how often its own limit was the reason
  };
  [[nodiscard]] Kills kills() const;
  void take(const std::string& name);

  ProcessContext& context_;
  const Process& program_;
  core::UniqueFd directory_;
  std::string name_;      ///< empty: there is no group
  bool adopted_ = false;  ///< a predecessor has started the process
  std::string memoryKill_;
};

}  // namespace process
