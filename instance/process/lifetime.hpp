// SPDX-License-Identifier: MIT
#pragma once

#include "instance/process/attendants.hpp"
#include "lib/core/event_loop.hpp"

namespace process {

/// max_runtime and max_age: stops or replaces a process that has lived long enough. What it knows follows from the
/// configuration and the start of the process, so a successor needs nothing from it.
class Lifetime final : public Attendant {
 public:
  Lifetime(ProcessContext& context, Process& program);

  void onSpawned() noexcept override { arm(); }
  void onState(lifecycle::ProcessState /*to*/) noexcept override { arm(); }
  void onReaped() noexcept override { timer_.disarm(); }
  void onReconfigured() override { arm(); }
  void resume() noexcept override { arm(); }

 private:
  void arm() noexcept;
  void due();
  void end();
  void renew();

  ProcessContext& context_;
  Process& program_;
  core::Timer timer_;
};

}  // namespace process
