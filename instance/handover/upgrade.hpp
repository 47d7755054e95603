// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "instance/handover/state_check.hpp"
#include "instance/state/descriptors.hpp"
#include "instance/state/state.hpp"
#include "lib/core/completion.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/result.hpp"

namespace core {
class Reaper;
}

namespace handover {

/// Replaces this program by the installed one, in the same process: pid, children, sockets and pipes stay. The new
/// program first tests itself with the state of now (StateCheck). Whatever goes wrong, this program continues.
class Upgrade {
 public:
  /// What the upgrade needs from supervisord. Called from the loop, outside of any change of a program.
  struct Host {
    /// Why it cannot be replaced now, "it shuts down" for instance; empty: it can.
    std::function<std::string()> obstacle;
    /// Everything that the successor needs. The descriptors stay ours.
    std::function<state::State(state::Outgoing&)> save;
  };
  enum class Answer { WhenTested, WhenServing };

  /// `loop` and `reaper` must outlive this.
  Upgrade(core::EventLoop& loop, core::Reaper& reaper, Host host);
  ~Upgrade();
  Upgrade(const Upgrade&) = delete;
  Upgrade& operator=(const Upgrade&) = delete;

  /// Begins. `done` gets why it failed; the failure is logged, too. Success comes when the new program has passed its
  /// test (WhenTested), or never (WhenServing): the new program answers, for `done` ends with this one.
  void begin(Answer answer, core::Completion<core::Status> done);

 private:
  void test();
  void tested(const core::Status& outcome);
  void giveWay();
  void fail(core::Error error);

  core::EventLoop& loop_;
  core::Reaper& reaper_;
  Host host_;
  std::string program_;  ///< path of the new one; empty: no upgrade is under way
  Answer answer_ = Answer::WhenTested;
  core::Completion<core::Status> done_;
  std::unique_ptr<StateCheck> check_;
  core::Deferred next_;  ///< outside of every callback of the parts that are saved
};

}  // namespace handover
