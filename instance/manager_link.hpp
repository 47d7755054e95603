// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "instance/process/observer.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/notify.hpp"

namespace process {
class Table;
}

/// Reports to the process that started us (the manager, or systemd) that we are ready and the status of our programs,
/// over sd_notify's protocol. Changes of one turn of the loop are one message. Without NOTIFY_SOCKET it does nothing
/// and has no watches.
///
/// A manager that replaces another one sends a signal, and gets the whole table: it knows our programs without
/// asking and without either side polling. A watch on its directory would do the same; but an account can have 128 of
/// them, and closing one waits for the kernel for 10 ms and more, in which the instance cannot end.
class ManagerLink final : public process::Observer {
 public:
  /// The receiver of the reports. Lives longer than a link: a restart in the same process makes a new link.
  struct Listener {
    core::Notifier notifier;
    bool manager = false;  ///< a manager reads program lines; systemd ignores them
    bool store = false;    ///< it keeps descriptors for a successor after a crash
  };
  /// Takes NOTIFY_SOCKET out of the environment; SUPERVISOR_MANAGER_INSTANCE, which stays, means that it is
  /// a manager's.
  [[nodiscard]] static Listener listenerFromEnvironment();
  /// The same in a program that took over: the address that its predecessor took.
  [[nodiscard]] static Listener listenerAt(std::string address, bool manager);

  /// `table` must outlive this.
  ManagerLink(core::EventLoop& loop, process::Table& table, const Listener& listener);
  ~ManagerLink() override;

  /// `whenNew` is called when another manager has replaced the one that was there.
  void onNewManager(std::function<void()> whenNew) { whenNew_ = std::move(whenNew); }
  /// Everything is open and the programs are being started.
  void ready();

  void onStateChange(process::Process& program, const process::StateChange& change) override;
  void onHealth(process::Process& program, const process::HealthChange& change) override;
  void onGroupRemoved(process::Group& group) override;
  void onGroupChanged(process::Group& group) override;
  void onProcessRemoved(process::Process& program) override;
  void onSupervisorState(process::SupervisorState supervisorState) override;
  void onControllersNeeded() override;

 private:
  void mark(const std::string& program, core::notify::Program line);
  void announce(std::string_view word);
  void flush();
  void send(const std::string& message);
  void managerIsNew();
  [[nodiscard]] std::string wholeTable() const;
  [[nodiscard]] std::string controllers() const;

  process::Table& table_;
  core::Notifier notifier_;
  bool toManager_;
  bool lost_ = false;  ///< a message did not arrive: the next one is the whole table
  std::string news_;   ///< about supervisord itself, that did not arrive: the next message begins with it
  std::function<void()> whenNew_;
  std::unordered_map<std::string, core::notify::Program> pending_;
  core::milliseconds retryDelay_{100};
  std::unique_ptr<core::Deferred> deferred_;
  std::unique_ptr<core::Timer> retry_;
  std::optional<core::SignalWatch> newManager_;
};
