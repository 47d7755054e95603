// SPDX-License-Identifier: MIT
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

namespace core {

/// The part of sd_notify(3)'s protocol that the manager and its instances exchange. A message is lines "KEY=value".
namespace notify {
inline constexpr std::string_view kReady = "READY=1";
inline constexpr std::string_view kReloading = "RELOADING=1";
inline constexpr std::string_view kStopping = "STOPPING=1";
/// "X_SUPERVISOR_PROGRAM=STATE PID NAME": a program entered a state; the line may occur many times in one message.
/// NAME is "program" or "group:program", as supervisorctl writes it; STATE is Supervisor's word or REMOVED.
inline constexpr std::string_view kProgramKey = "X_SUPERVISOR_PROGRAM";
/// "X_SUPERVISOR_DESCRIPTION=TEXT": the description of the program in the line before, as
/// supervisorctl shows it: why it failed, or when it ended. Left out if empty; readers that do not know it skip it.
inline constexpr std::string_view kDescriptionKey = "X_SUPERVISOR_DESCRIPTION";
/// Bytes of a description that are sent, and accepted.
inline constexpr std::size_t kDescriptionLimit = 200;
/// The state of a program that is no longer configured.
inline constexpr std::string_view kRemoved = "REMOVED";
/// "X_SUPERVISOR_PROGRAMS=all": the program lines of this message are the whole table, what they do not name is gone.
inline constexpr std::string_view kWholeTable = "X_SUPERVISOR_PROGRAMS=all";

/// "X_SUPERVISOR_CONTROLLERS=memory pids": programs of the instance have limits, for which its control group needs
/// these controllers.
inline constexpr std::string_view kControllersKey = "X_SUPERVISOR_CONTROLLERS";

/// What systemd and the manager keep, so that it outlives the sender: the descriptor of the message, under the name in
/// its line "FDNAME=...". The second removes it.
inline constexpr std::string_view kKeepDescriptor = "FDSTORE=1";
inline constexpr std::string_view kRemoveDescriptor = "FDSTOREREMOVE=1";
inline constexpr std::string_view kDescriptorNameKey = "FDNAME=";
/// systemd closes the descriptor of the message when it has handled all messages before it.
inline constexpr std::string_view kBarrier = "BARRIER=1";
/// To a new manager, after all descriptors: what else it has of this instance is no longer there.
inline constexpr std::string_view kAllDescriptors = "X_SUPERVISOR_DESCRIPTORS=all";

/// The signal of a new manager that listens now: messages before it were lost. One that is ignored by
/// default, so that a supervisord that does not know it stays.
inline constexpr int kNewManagerSignal = SIGURG;

/// One program line; `pid` 0 where there is no process, `description` may be empty.
struct Program {
  std::string state;
  pid_t pid = 0;
  std::string name;
  std::string description{};
};
/// The line, followed by that of the description.
[[nodiscard]] std::string programLine(const Program& program);
/// Reads the value of a program line (what follows "="). Nothing, if it is not one.
[[nodiscard]] std::optional<Program> parseProgram(std::string_view value);
}  // namespace notify

/// Sends messages to the process that started us: systemd, or the manager for its instances. Does nothing without
/// NOTIFY_SOCKET.
class Notifier {
 public:
  enum class Sent { Done, Later, Nobody };

  /// Reads NOTIFY_SOCKET and removes it from the environment: children must not send messages in our name.
  [[nodiscard]] static Notifier fromEnvironment();
  /// The same for an address that was taken earlier: as address() has it.
  [[nodiscard]] static Notifier at(std::string address);

  /// What NOTIFY_SOCKET was; empty: there was none.
  [[nodiscard]] const std::string& address() const noexcept { return address_; }
  [[nodiscard]] bool active() const noexcept { return !address_.empty(); }
  /// Sends one message (at most some 100 kB) without ever blocking. Later: the receiver's queue is full, try again
  /// in a while. Nobody: there is no receiver; one may come back at the same address.
  Sent send(std::string_view message) const noexcept { return send(message, -1); }
  /// The same, with a descriptor; -1: without.
  Sent send(std::string_view message, int descriptor) const noexcept;

 private:
  std::string address_;  // a path, or "@name" in the abstract name space
};

}  // namespace core
