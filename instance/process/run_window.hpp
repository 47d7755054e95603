// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "instance/process/attendants.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/time_zone.hpp"
#include "lib/core/wall_timer.hpp"
#include "lib/lifecycle/run_window.hpp"

namespace process {

/// run_window: starts a program with autostart when its window opens, stops it when it closes, and meanwhile forbids
/// starts that nobody asks for. Wakes up at the edges only, and when the clock is set.
class RunWindow final : public Attendant {
 public:
  RunWindow(ProcessContext& context, Process& program);

  bool takesAutostart() override;
  [[nodiscard]] bool forbidsStart() const noexcept override { return !open_; }
  void onStopRequest() noexcept override { startsWhenStopped_ = false; }
  void onState(lifecycle::ProcessState to) noexcept override;
  [[nodiscard]] std::int64_t nextStart() const noexcept override;
  void describeIdle(std::string& text) const override;
  void onReconfigured() override;
  void save(state::Program& saved, state::Outgoing& outgoing) const override;
  void restore(const state::Program& saved, state::Incoming& incoming) override;
  void resume() noexcept override { soon_.schedule(); }

 private:
  [[nodiscard]] lifecycle::WindowState stateAt(std::int64_t now) const;
  void take(const lifecycle::WindowState& state) noexcept;
  void look();
  void opened();
  void closed();

  ProcessContext& context_;
  Process& program_;
  core::TimeZone zone_;
  bool open_ = true;
  bool startsWhenStopped_ = false;  ///< it has opened while the program was being stopped
  std::int64_t change_ = 0;         ///< when to look again, in seconds since the epoch; 0: never
  std::int64_t opening_ = 0;        ///< the next one; 0: unknown
  core::WallTimer timer_;
  core::Deferred soon_;
};

}  // namespace process
