// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/core/result.hpp"
#include "lib/lifecycle/state.hpp"

namespace config {
struct ProcessConfig;
}
namespace state {
class Incoming;
class Outgoing;
struct OpenSocket;
struct Program;
}  // namespace state

namespace process {

enum class Channel;
class Notifications;
class Health;
class CommandsAround;
class Schedule;
class ProgramCgroup;
class Readiness;
class Process;
class ProcessContext;

/// What the next process of a program gets besides its configuration.
struct LaunchExtras {
  std::vector<std::pair<std::string, std::string>> environment;
  std::vector<std::string> withheld;  ///< variables of our own environment that it does not inherit
  /// (descriptor here, number there), from 3 on, each number once.
  std::vector<std::pair<int, int>> descriptors;
  std::string pidVariable{};                  ///< a variable that gets its pid; empty: none
  int cgroup = -1;                            ///< the control group that it is started in; -1: ours
  std::optional<std::uint64_t> markedFrom{};  ///< as in core::SpawnSpec
};

/// What looks after one program beside its machine. It exists only if the program's configuration asks for it.
///
/// Unless a call says otherwise it comes from inside a step of the program: what wants to change the program does it
/// later, from a timer or a core::Deferred, through Process::tell(). What save() has is kept for a successor after a
/// crash, so a change of it begins with ProcessContext::touch().
class Attendant {
 public:
  virtual ~Attendant() = default;
  /// A process is about to be started. May add to `extras`; an error is the reason why it is not started. May throw
  /// std::bad_alloc, with the same effect.
  virtual core::Status beforeSpawn(LaunchExtras& /*extras*/) { return {}; }
  /// In place of beforeSpawn(): the process and its descriptors are those that a predecessor has made.
  virtual void adopt(state::Incoming& /*incoming*/) noexcept {}
  /// A process has been started: Process::pid() is its number, the state STARTING. After the fork, so nothing that must
  /// happen can need memory.
  virtual void onSpawned() noexcept {}
  /// The program enters this state. One step may lead through several of them.
  virtual void onState(lifecycle::ProcessState /*to*/) noexcept {}
  /// Output of the process, as it goes to the log.
  virtual void onOutput(Channel /*channel*/, std::string_view /*bytes*/) noexcept {}
  /// The process has ended and all of its output was delivered; the state is still that before. May call tell() with
  /// what it knows of that process.
  virtual void onReaped() noexcept {}
  /// The process has ended, or could not be started; the state changes after the call. Nothing may be left that belongs
  /// to that process. May be called twice, and without beforeSpawn().
  virtual void onEnded() noexcept {}

  /// Adds to the description of a program that is STARTING or RUNNING: ", WORDS".
  virtual void describe(std::string& /*text*/) const {}
  /// The same for one that is STOPPED, EXITED, BACKOFF or FATAL: "; WORDS".
  virtual void describeIdle(std::string& /*text*/) const {}

  /// Programs are about to be started without a request, this one perhaps among them, and none of them has been. Not
  /// from inside a step.
  virtual void beforeAutostart() {}
  /// A start without a request is due (autostart). True: it comes at a time that this attendant decides, through
  /// Process::startUnasked(). Not from inside a step.
  virtual bool takesAutostart() { return false; }
  /// No start without a request now: the supervisor itself must not decide for one.
  [[nodiscard]] virtual bool forbidsStart() const noexcept { return false; }
  /// Someone asks for the start, or the stop, of the program: before anything happens. Not from inside a step. Also
  /// when an attendant, or the stop of what it depends on, asks for it.
  virtual void onStartRequest() noexcept {}
  virtual void onStopRequest() noexcept {}
  /// It will start the program, and a request to stop the program cancels that.
  [[nodiscard]] virtual bool awaitsStart() const noexcept { return false; }
  /// Wall clock seconds of the next start that it knows of; 0: none.
  [[nodiscard]] virtual std::int64_t nextStart() const noexcept { return 0; }

  /// The program continues with another configuration, which differs in keys that a running program takes over. From
  /// inside a change of its group. May throw std::bad_alloc.
  virtual void onReconfigured() {}

  /// For a successor: adds what it knows.
  virtual void save(state::Program& /*saved*/, state::Outgoing& /*outgoing*/) const {}
  /// Continues where a predecessor was. Process::pid() and state() are restored.
  virtual void restore(const state::Program& /*saved*/, state::Incoming& /*incoming*/) {}
  /// All programs are restored. Not from inside a step.
  virtual void resume() noexcept {}
};

/// Those of one program.
struct Attendants {
  std::vector<std::unique_ptr<Attendant>> all;  ///< in the order in which they are called
  Readiness* readiness = nullptr;               ///< of a ready that is not said by a notification
  Notifications* notifications = nullptr;       ///< nullptr: the program has no notification socket
  Health* health = nullptr;                     ///< one of them; nullptr: nobody asks for it
  CommandsAround* commands = nullptr;           ///< one of them, if there are such commands
  Schedule* schedule = nullptr;                 ///< one of them, if there is one
  Attendant* memory = nullptr;                  ///< of memory_restart
  Attendant* lifetime = nullptr;                ///< of max_runtime and max_age
  Attendant* window = nullptr;                  ///< of run_window
  Attendant* watch = nullptr;                   ///< of watch
  ProgramCgroup* cgroup = nullptr;              ///< one of them; nullptr: the process never has a group of its own

  template <class T, class... Arguments>
  T* add(Arguments&&... arguments) {
    auto made = std::make_unique<T>(std::forward<Arguments>(arguments)...);
    T* const one = made.get();
    all.push_back(std::move(made));
    return one;
  }
};

/// What the configuration of `program` asks for; nullptr: nothing.
[[nodiscard]] std::unique_ptr<Attendants> makeAttendants(ProcessContext& context, Process& program);
/// The configuration of `program` has changed while it exists, from `before`: makes and removes those of keys that are
/// taken over by a running program, and calls the others. May throw std::bad_alloc.
void renewAttendants(ProcessContext& context, Process& program, const config::ProcessConfig& before,
                     std::unique_ptr<Attendants>& attendants);

}  // namespace process
