// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>

#include "lib/core/event_loop.hpp"
#include "lib/core/reaper.hpp"
#include "lib/core/result.hpp"
#include "lib/core/spawn_watch.hpp"
#include "lib/core/unique_fd.hpp"

namespace handover {

/// What it prints if it does: another program that ends with status 0 does not.
inline constexpr const char* kStateUnderstood = "the state is understood";

/// A supervisord that tests whether it understands a state: `PROGRAM --check-state 3`, with the state as descriptor 3.
/// It gets ten seconds. Destroying this kills it.
class StateCheck {
 public:
  /// Takes the outcome once, from the loop; it may destroy the check. The error has what the program printed, or how
  /// it ended.
  using Done = std::function<void(const core::Status&)>;

  StateCheck(core::EventLoop& loop, core::Reaper& reaper, Done done);
  ~StateCheck();
  StateCheck(const StateCheck&) = delete;
  StateCheck& operator=(const StateCheck&) = delete;

  /// `document` is a descriptor of the state. An error: the process was not started, and Done is not called.
  [[nodiscard]] core::Status start(const std::string& program, int document);

 private:
  void readOutput();
  void ended(int waitStatus);
  void kill(std::string why);

  core::EventLoop& loop_;
  core::Reaper& reaper_;
  Done done_;
  pid_t pid_ = 0;
  std::string output_;   ///< its first bytes
  std::string trouble_;  ///< why it was killed, or was not started
  core::UniqueFd pipe_;
  core::IoWatch watch_;
  core::Timer limit_;
  std::unique_ptr<core::SpawnWatch> start_;
};

}  // namespace handover
