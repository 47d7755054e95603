// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "instance/process/attendants.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/wall_timer.hpp"
#include "lib/dialect/scheduling.hpp"
#include "lib/lifecycle/schedule.hpp"

namespace process {

/// Starts a program at the times of its schedule. In place of autostart: the program is not started with supervisord
/// except with autostart=true.
class Schedule final : public Attendant {
 public:
  Schedule(ProcessContext& context, Process& program);

  void onState(lifecycle::ProcessState to) noexcept override;
  void onStopRequest() noexcept override;
  void onReconfigured() override;
  void describe(std::string& text) const override;
  void describeIdle(std::string& text) const override;
  bool takesAutostart() override;
  [[nodiscard]] bool awaitsStart() const noexcept override { return schedule_.queued(); }
  [[nodiscard]] std::int64_t nextStart() const noexcept override;
  void save(state::Program& saved, state::Outgoing& outgoing) const override;
  void restore(const state::Program& saved, state::Incoming& incoming) override;
  void resume() noexcept override;

 private:
  using Standing = lifecycle::Schedule::Standing;
  using Act = lifecycle::Schedule::Act;
  [[nodiscard]] Standing standing() const noexcept;
  void begin();
  void lookAtWindow();
  void arm() noexcept;
  void look();
  void act();
  void report(Act act, Standing standing) noexcept;
  void reportForbidden() noexcept;
  void start();
  void startQueued();

  ProcessContext& context_;
  Process& program_;
  config::Scheduling settings_;  ///< by which the schedule was begun
  core::TimeZone zone_;
  lifecycle::Schedule schedule_;
  core::WallTimer wall_;
  core::Timer steady_;     ///< of @every
  core::Deferred after_;   ///< the run that waited can begin
  bool never_ = false;     ///< no time of it is within the run_window
  bool due_ = false;       ///< a run that was not dealt with, since there was no memory for it
  bool stopsIt_ = false;   ///< the stop is ours
  bool reported_ = false;  ///< of this run: another one was due meanwhile
};

}  // namespace process
