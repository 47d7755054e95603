// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <string_view>

#include "instance/process/end.hpp"
#include "lib/lifecycle/health.hpp"
#include "lib/lifecycle/state.hpp"

namespace output {
class Lane;
class RoomQueue;
}  // namespace output

namespace process {

class Group;
class Process;

enum class Channel { Stdout, Stderr };
/// "stdout" or "stderr".
[[nodiscard]] constexpr const char* toText(Channel channel) noexcept {
  return channel == Channel::Stdout ? "stdout" : "stderr";
}

/// The state of supervisord itself, with the numbers of getState.
enum class SupervisorState { Shutdown = -1, Restarting = 0, Running = 1, Fatal = 2 };
[[nodiscard]] constexpr const char* toText(SupervisorState supervisorState) noexcept {
  switch (supervisorState) {
    case SupervisorState::Shutdown: return "SHUTDOWN";
    case SupervisorState::Restarting: return "RESTARTING";
    case SupervisorState::Running: return "RUNNING";
    case SupervisorState::Fatal: return "FATAL";
  }
  return "FATAL";
}

/// One step of a program, with the facts of that moment (the program may be further on when it is reported).
struct StateChange {
  lifecycle::ProcessState from;
  lifecycle::ProcessState to;
  pid_t pid;      ///< of the process that runs or has just ended; 0 if there is none
  int tries;      ///< failed starts in a row
  bool expected;  ///< to EXITED: with one of the expected exit codes
  End end;        ///< how its process has just ended, if that is the reason
};

/// A program has become healthy or unhealthy.
struct HealthChange {
  lifecycle::HealthState from;
  lifecycle::HealthState to;
  pid_t pid;
  int failures;             ///< of questions, in a row
  std::string_view reason;  ///< the last failure; empty: there was none
};

/// Hears what happens to programs. State changes are queued and reported in order at the end of the step that caused
/// them, never from inside a call on the same program: an observer may start and stop programs and remove groups.
/// Output is reported while it is read: keep what is needed of `bytes`, and change nothing from there.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void onStateChange(Process& /*program*/, const StateChange& /*change*/) {}
  /// A chunk of output, of a channel with events enabled (PROCESS_LOG).
  /// `pid` wrote it: with a slow log the program's process may be another one by now, or none.
  virtual void onLog(Process& /*program*/, Channel, pid_t /*pid*/, std::string_view /*bytes*/) {}
  /// Called before output of a channel with events enabled is read. Returns the queue to wait in, if the observer has
  /// no room for what onLog() would bring; nullptr: it has room.
  [[nodiscard]] virtual output::RoomQueue* logRoom(Channel) noexcept { return nullptr; }
  /// The text between the capture tokens (PROCESS_COMMUNICATION).
  virtual void onCommunication(Process& /*program*/, Channel, pid_t /*pid*/, std::string_view /*bytes*/) {}
  /// Reported immediately. Change nothing from there.
  virtual void onHealth(Process& /*program*/, const HealthChange& /*change*/) {}
  virtual void onGroupAdded(Group&) {}
  /// The group is still whole; it is gone after the call. Whoever keeps pointers to it or its programs drops them.
  virtual void onGroupRemoved(Group&) {}
  /// The group has another configuration, and possibly other programs; onProcessRemoved() follows for each that it has
  /// lost. Nothing is started yet.
  virtual void onGroupChanged(Group&) {}
  /// One program leaves its group, which stays.
  virtual void onProcessRemoved(Process&) {}
  virtual void onSupervisorState(SupervisorState) {}
  /// A program needs controllers that our control group does not have: Table::controllersNeeded(). In a step: change
  /// nothing from there.
  virtual void onControllersNeeded() {}
  /// It waited to be started, and does not any more: it was asked to stop. Its state has not changed.
  virtual void onStartWithdrawn(Process& /*program*/) {}
};

/// Speaks a protocol with one program over its standard output and input, besides the log (event listeners).
class Protocol {
 public:
  virtual ~Protocol() = default;
  /// A new process of the program was started: the protocol starts over.
  virtual void onSpawned() = 0;
  /// Raw bytes of standard output. Answers may be written from inside the call (Process::writeStdin).
  virtual void onStdout(std::string_view bytes) = 0;
  /// Standard input is broken (EPIPE); what was queued is lost.
  virtual void onStdinClosed() = 0;
  /// The process has ended; all of its output was delivered before.
  virtual void onExited() = 0;
  /// The lane that results are printed to: while it is full, the program's output is not read. nullptr: none.
  [[nodiscard]] virtual const output::Lane* results() const noexcept { return nullptr; }
  /// It is working on an event: the shutdown waits a little for it.
  [[nodiscard]] virtual bool busy() const noexcept { return false; }
  /// What is wrong with the conversation, for people ("listener UNKNOWN"); empty if nothing is.
  [[nodiscard]] virtual std::string_view trouble() const noexcept { return {}; }
};

}  // namespace process
