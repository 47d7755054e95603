// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "instance/process/attendants.hpp"
#include "lib/core/event_loop.hpp"

namespace process {

/// The resident memory of a process and all that descends from it, in bytes; 0: it has ended. What several of them
/// share (files, shared memory) counts once, by the largest of them. Descendants whose parent has ended are not found.
/// Reads only what cannot block, of at most 4096 processes.
[[nodiscard]] std::uint64_t treeMemory(pid_t pid);

/// memory_restart: looks each memory_interval how much memory a RUNNING program has, and restarts it if that is more
/// than its limit.
class MemoryGuard final : public Attendant {
 public:
  MemoryGuard(ProcessContext& context, Process& program);

  void onState(lifecycle::ProcessState to) noexcept override;
  void onReaped() noexcept override;
  void onReconfigured() override;
  void restore(const state::Program& saved, state::Incoming& incoming) override;
  void resume() noexcept override;

 private:
  void look();

  ProcessContext& context_;
  Process& program_;
  core::Timer timer_;
  bool gone_ = false;  ///< a predecessor has seen the end of the process, and something is still waited for
};

}  // namespace process
