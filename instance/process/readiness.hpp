// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "instance/process/attendants.hpp"
#include "instance/state/state.hpp"
#include "lib/core/event_loop.hpp"

namespace process {

/// Looks for the sign that a program is ready, while it is STARTING. The kinds of signs are the derived classes.
class Readiness : public Attendant {
 public:
  Readiness(ProcessContext& context, Process& program);

  void onState(lifecycle::ProcessState to) noexcept final;
  void onReaped() noexcept final;
  void onEnded() noexcept final;
  void save(state::Program& saved, state::Outgoing& outgoing) const final;
  void restore(const state::Program& saved, state::Incoming& incoming) final;
  void resume() noexcept final;
  /// It is new, and the program may be starting: looks for what comes from now on. May throw std::bad_alloc.
  void joinStart();

 protected:
  /// Whether a sign can still come.
  [[nodiscard]] bool expecting() const noexcept;
  /// The sign has come.
  void meet() noexcept;
  /// Looks once more, now; calls meet() if the sign is there.
  virtual void look() {}
  /// Instead of beforeSpawn() and onSpawned(): the process is there already.
  virtual void beginLate() {}
  /// Nothing is expected any more: drops what belongs to the process. May be called more than once.
  virtual void stop() noexcept = 0;
  virtual void saveSigns(state::Readiness& /*saved*/, state::Outgoing& /*outgoing*/) const {}
  /// The program is STARTING.
  virtual void restoreSigns(const state::Readiness& /*saved*/, state::Incoming& /*incoming*/) {}

  ProcessContext& context_;
  Process& program_;

 private:
  bool met_ = false;
  core::Deferred tell_;
};

}  // namespace process
