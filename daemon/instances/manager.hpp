// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/entries/entry.hpp"
#include "daemon/instances/change.hpp"
#include "daemon/instances/status.hpp"
#include "lib/core/result.hpp"
#include "lib/core/task.hpp"

/// One runner for each entry: start, watch, restart, adopt. Knows nothing of D-Bus.
namespace instances {

enum class ErrorCode {
  NoSuchInstance,
  InstanceExists,
  InstanceBusy,  ///< another operation of the other direction took over
  InstanceUnmanaged,
  InstanceProtected,  ///< no_remove
  InstanceNotRunning,
  NoSuchProgram,
  InvalidArgument,  ///< of the call: a name, a key, a signal
  ConfigInvalid,    ///< the entry would be refused
  OperationFailed,  ///< started and failed: the message has the reason
  Timeout,
  NotSupported,
  ShuttingDown,
};
/// The enumerator's own name, "NoSuchInstance": the last part of a D-Bus error name.
[[nodiscard]] const char* toText(ErrorCode code) noexcept;

/// A failure with a complete sentence for people.
struct ManagerError {
  ErrorCode code = ErrorCode::OperationFailed;
  std::string message;
};
template <class T>
using Answer = core::Result<T, ManagerError>;
using OperationResult = Answer<void>;

/// A key of an entry and its new value; nullopt puts the default back.
using Properties = std::vector<std::pair<std::string, std::optional<std::string>>>;

/// What a reload did or, as a plan, would do. Instances with nothing to report are left out.
struct ReloadReport {
  std::vector<Change> changes;  ///< sorted by name
  std::vector<entries::Complaint> refused;
  std::vector<entries::Complaint> warnings;
};

enum class KillWhom { Main, All };
enum class ProgramVerb { Start, Stop, Restart };

/// Is called after changes; must not call back into the manager's operations from within.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void instanceAdded(const std::string& name) = 0;
  virtual void instanceRemoved(const std::string& name) = 0;
  /// Something in its InstanceStatus changed; several changes of one moment are reported once.
  virtual void instanceChanged(const std::string& name) = 0;
  virtual void programChanged(const std::string& instance, const ProgramStatus& program) = 0;
  /// A reload of all entries began (true) or ended (false).
  virtual void reloading(bool active) = 0;
};

/// What the rest of the daemon may ask. Operations are tasks: they end when the work is done and never block the loop.
/// A task must not outlive the manager.
class Manager {
 public:
  virtual ~Manager() = default;

  [[nodiscard]] virtual std::vector<std::string> names() const = 0;  ///< sorted
  [[nodiscard]] virtual std::vector<InstanceStatus> list() const = 0;
  [[nodiscard]] virtual std::optional<InstanceStatus> get(const std::string& name) const = 0;
  [[nodiscard]] virtual std::vector<ProgramStatus> programs(const std::string& name) const = 0;
  /// Not a part of the status, since it costs a look at every process where there are no control groups.
  [[nodiscard]] virtual Usage usage(const std::string& name) const = 0;
  /// The instance whose main process or descendant `pid` is.
  [[nodiscard]] virtual std::optional<std::string> nameOfPid(pid_t pid) const = 0;
  [[nodiscard]] virtual std::vector<std::string> namesOfUid(uid_t uid) const = 0;
  /// Entries that do not run because something is wrong with them.
  [[nodiscard]] virtual const std::vector<entries::Complaint>& refused() const = 0;
  [[nodiscard]] virtual const std::vector<entries::Complaint>& warnings() const = 0;

  /// Whether an upgrade of the package upgrades the instances, too.
  [[nodiscard]] virtual bool upgradesInstances() const = 0;

  virtual core::Task<OperationResult> start(std::string name) = 0;
  virtual core::Task<OperationResult> stop(std::string name) = 0;
  /// As start(), refused with ConfigInvalid, and nothing stopped, where the configuration would not start.
  virtual core::Task<OperationResult> restart(std::string name) = 0;
  /// Stops and starts it without checking its configuration.
  virtual core::Task<OperationResult> forceRestart(std::string name) = 0;
  /// Lets the instance's own program check its configuration, as its owner: warnings, or ConfigInvalid.
  virtual core::Task<Answer<std::vector<std::string>>> check(std::string name) = 0;
  /// The instance reads its configuration again (SIGHUP, as Supervisor understands it: its programs restart).
  virtual core::Task<OperationResult> reload(std::string name) = 0;
  /// Its supervisord is replaced by the installed one in the same process; its programs keep running.
  virtual core::Task<OperationResult> upgrade(std::string name) = 0;
  virtual core::Task<OperationResult> kill(std::string name, KillWhom whom, int signo) = 0;
  virtual core::Task<OperationResult> controlProgram(std::string name, std::string program, ProgramVerb verb) = 0;
  /// The end of what a program wrote, as its owner's account may read it: bytes, some 4 KB at most.
  virtual core::Task<Answer<std::string>> programLog(std::string name, std::string program) = 0;

  /// Persisted: what the next boot starts. The value is whether anything changed.
  [[nodiscard]] virtual Answer<bool> setEnabled(const std::string& name, bool enabled) = 0;

  /// Writes a drop-in conf.d file that people can read and edit, and brings the instance up as `state` says.
  virtual core::Task<OperationResult> create(std::string name, Properties properties) = 0;
  virtual core::Task<OperationResult> setProperties(std::string name, Properties properties) = 0;
  /// Stops the instance and removes its entry and its generated files; with `purge` its logs and includes too.
  virtual core::Task<OperationResult> remove(std::string name, bool purge) = 0;

  /// Reads all entries again and applies them; with `dryRun` only returns what that would do.
  virtual core::Task<Answer<ReloadReport>> reloadAll(bool dryRun) = 0;
  /// Replaces the manager's program by the installed one; instances keep running.
  virtual core::Task<OperationResult> reexecute() = 0;

  virtual void addObserver(Observer* observer) = 0;
  virtual void removeObserver(Observer* observer) = 0;
};

/// What the composition root decides.
struct ManagerOptions {
  std::string root;    ///< prefix of every path; empty in production
  std::string config;  ///< the manager's configuration file; empty: ROOT/etc/supervisor-manager/supervisor-manager.conf
  std::string busAddress;   ///< for the bus; empty: the system bus
  bool privileged = true;   ///< root: entries of every account; otherwise own ones only
  std::string supervisord;  ///< the installed program; empty: beside the manager's own prefix
  std::string supervisorctl;
};

}  // namespace instances

/// An operation that nobody can finish any more: its instance is gone, or the manager ends.
template <>
struct core::WhenDropped<instances::ManagerError> {
  static instances::ManagerError value();
};
