// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "instance/probe/probe.hpp"
#include "instance/process/attendants.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/dialect/probe_target.hpp"
#include "lib/lifecycle/health.hpp"

namespace config {
struct Health;
}

namespace process {

class SideCommand;
struct SideOutcome;

/// Watches a program while it is RUNNING: asks whether it works, or waits for its reports, and follows health_action
/// when it does not. One question at a time; nothing is open and no timer armed while the program does not run.
class Health final : public Attendant {
 public:
  Health(ProcessContext& context, Process& program);
  ~Health() override;

  [[nodiscard]] lifecycle::HealthState state() const noexcept { return track_.state(); }
  /// Wall clock seconds of the last change of the state.
  [[nodiscard]] std::int64_t since() const noexcept { return since_; }
  /// Failed questions in a row.
  [[nodiscard]] int failures() const noexcept { return track_.failures(); }
  /// Of this run; empty: there was none.
  [[nodiscard]] const std::string& lastError() const noexcept { return track_.lastError(); }

  /// A report of the watchdog; `failed`: the program reports that it does not work. Not from inside a step.
  void heard(bool failed);

  core::Status beforeSpawn(LaunchExtras& extras) override;
  void onState(lifecycle::ProcessState to) noexcept override;
  void onReconfigured() override;
  void save(state::Program& saved, state::Outgoing& outgoing) const override;
  void restore(const state::Program& saved, state::Incoming& incoming) override;
  void resume() noexcept override;

 private:
  [[nodiscard]] const config::Health& settings() const noexcept;
  [[nodiscard]] std::unique_ptr<probe::Probe> makeProbe() const;
  void begin() noexcept;
  void arm() noexcept;
  void due();
  void ask();
  void answered(std::string_view why);
  void commandEnded(const SideOutcome& outcome);
  void follow(lifecycle::HealthState before, lifecycle::HealthTrack::Outcome outcome);
  void report(lifecycle::HealthState before);
  void act();

  ProcessContext& context_;
  Process& program_;
  config::ProbeTarget check_;     ///< what is asked
  lifecycle::HealthRules rules_;  ///< those of the last configuration that it has heard of
  lifecycle::HealthTrack track_;
  std::int64_t since_ = 0;
  core::Timer timer_;  ///< the next question, or the watchdog's deadline
  std::unique_ptr<probe::Probe> probe_;
  std::unique_ptr<SideCommand> command_;  ///< the present question of exec:
};

}  // namespace process
