// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/entries/loader.hpp"
#include "daemon/instances/context.hpp"
#include "daemon/instances/decide.hpp"
#include "daemon/instances/manager.hpp"
#include "daemon/instances/runner.hpp"
#include "daemon/instances/service_store.hpp"
#include "daemon/instances/turns.hpp"

namespace instances {

class EntryEditor;

/// The instances by name, with one runner each; what may be asked about them, and who hears of their changes. What
/// takes longer is in reload, entry_editor, boot and shutdown.
class Fleet final : public Manager, private Runner::Listener {
 public:
  Fleet(core::EventLoop& loop, core::Reaper& reaper, ManagerOptions options);
  ~Fleet() override;

  /// Makes the manager's own directories and reads the entries. Fails if a directory cannot be made or belongs to
  /// somebody else.
  [[nodiscard]] core::Status open();
  /// Looks at the processes of an earlier manager's records, at most some seconds; then begin() or takeOver().
  core::Task<> lookForInstances();
  /// Takes over what runs and starts what must run, by priority, side by side within one.
  void begin();
  /// Takes over what runs, and starts and stops nothing.
  void takeOver();
  /// Stops all instances, the highest priority number first.
  core::Task<> stopAll();
  /// A process has ended that was left to the manager: an instance may have taken it over.
  void orphanEnded(pid_t pid, int status, uid_t uid);
  /// What reexecute() does; it must leave time for the answer.
  void setReexecution(std::function<void()> execute) { reexecution_ = std::move(execute); }
  /// Writes down what runs, for the next manager.
  void letGo();
  /// Takes what an earlier program of the manager kept for the instances, and keeps with `service` from now on, too. To
  /// be called before the first child is started.
  void takeKept(const core::Notifier& service);
  /// Before an exec, in which what is kept stays open. The result must live until then; keepOn() after one that failed.
  struct HandedOver {
    core::UniqueFd list;
    std::vector<core::UniqueFd> holders;
  };
  [[nodiscard]] HandedOver handOver();
  void keepOn();
  [[nodiscard]] const entries::ManagerSettings& settings() const noexcept { return settings_; }
  [[nodiscard]] entries::LoadOptions loadOptions() const;

  [[nodiscard]] std::vector<std::string> names() const override;
  [[nodiscard]] std::vector<InstanceStatus> list() const override;
  [[nodiscard]] std::optional<InstanceStatus> get(const std::string& name) const override;
  [[nodiscard]] std::vector<ProgramStatus> programs(const std::string& name) const override;
  [[nodiscard]] Usage usage(const std::string& name) const override;
  [[nodiscard]] std::optional<std::string> nameOfPid(pid_t pid) const override;
  [[nodiscard]] std::vector<std::string> namesOfUid(uid_t uid) const override;
  [[nodiscard]] const std::vector<entries::Complaint>& refused() const override { return refused_; }
  [[nodiscard]] const std::vector<entries::Complaint>& warnings() const override { return warnings_; }

  [[nodiscard]] bool upgradesInstances() const override { return settings_.upgradeInstances; }

  core::Task<OperationResult> start(std::string name) override;
  core::Task<OperationResult> stop(std::string name) override;
  core::Task<OperationResult> restart(std::string name) override;
  core::Task<OperationResult> forceRestart(std::string name) override;
  core::Task<Answer<std::vector<std::string>>> check(std::string name) override;
  core::Task<OperationResult> reload(std::string name) override;
  core::Task<OperationResult> upgrade(std::string name) override;
  core::Task<OperationResult> kill(std::string name, KillWhom whom, int signo) override;
  core::Task<OperationResult> controlProgram(std::string name, std::string program, ProgramVerb verb) override;
  core::Task<Answer<std::string>> programLog(std::string name, std::string program) override;
  Answer<bool> setEnabled(const std::string& name, bool enabled) override;
  core::Task<OperationResult> create(std::string name, Properties properties) override;
  core::Task<OperationResult> setProperties(std::string name, Properties properties) override;
  core::Task<OperationResult> remove(std::string name, bool purge) override;
  core::Task<Answer<ReloadReport>> reloadAll(bool dryRun) override;
  core::Task<OperationResult> reexecute() override;
  void addObserver(Observer* observer) override;
  void removeObserver(Observer* observer) override;

  // For the operations of this folder: reload, edits, boot and shutdown.

  /// A runner for an entry that is only tried: no part of the fleet, and nobody hears of it. It is freed from the loop,
  /// since what ends the trial is often a call of the runner itself.
  class Trial {
   public:
    Trial(Fleet& fleet, entries::Entry entry);
    ~Trial();
    Trial(const Trial&) = delete;
    Trial& operator=(const Trial&) = delete;
    [[nodiscard]] Runner& operator*() const noexcept { return **runner_; }

   private:
    Fleet& fleet_;
    std::list<std::unique_ptr<Runner>>::iterator runner_;
  };

  [[nodiscard]] Runner* find(const std::string& name) const;
  /// The runner of an instance that is not being removed.
  [[nodiscard]] Runner* staying(const std::string& name) const;
  /// What counts for a decision about an instance; null: there is none.
  [[nodiscard]] static Seen see(const Runner* runner);
  Runner& add(entries::Entry entry);
  /// Takes the instance out; its runner is freed from the loop.
  void erase(const std::string& name);
  [[nodiscard]] Turns& turns() noexcept { return turns_; }
  [[nodiscard]] InstanceContext& context() noexcept { return context_; }
  [[nodiscard]] const ManagerOptions& options() const noexcept { return options_; }
  [[nodiscard]] bool ending() const noexcept { return ending_; }
  /// The names by priority number, lowest first; those that are gone are left out.
  [[nodiscard]] std::map<int, std::vector<std::string>> byPriority(const std::vector<std::string>& names) const;
  /// The complaints and settings of what was loaded count from now on; its entries are left to the caller.
  void take(const entries::Loaded& loaded);
  void takeComplaints(const entries::Loaded& loaded);
  void tellReloading(bool active);

 private:
  void changed(Runner& runner) override;
  void programChanged(Runner& runner, const ProgramStatus& program) override;
  [[nodiscard]] bool soleOf(uid_t uid) const override;
  void flushChanges();

  /// Where the instances were declared that only an earlier manager knew.
  [[nodiscard]] std::map<std::string, entries::Places> rememberedPlaces() const;
  [[nodiscard]] Answer<Runner*> known(const std::string& name) const;
  /// The same, but an instance that is being removed is busy.
  [[nodiscard]] Answer<Runner*> usable(const std::string& name) const;
  void applySettings();
  core::Task<> boot();

  ManagerOptions options_;
  InstanceContext context_;
  std::optional<ServiceStore> service_;
  entries::HostNames host_;
  entries::ManagerSettings settings_;
  std::map<std::string, std::unique_ptr<Runner>> runners_;
  std::list<std::unique_ptr<Runner>> trials_;
  std::list<std::unique_ptr<Runner>> gone_;  // freed when nothing of them is on the stack
  Turns turns_;
  std::unique_ptr<EntryEditor> editor_;
  std::vector<entries::Complaint> refused_;
  std::vector<entries::Complaint> warnings_;
  entries::Loaded first_;  // between open() and begin()
  std::vector<Observer*> observers_;
  std::set<std::string> changed_;
  core::Deferred changes_;
  std::function<void()> reexecution_;
  bool ending_ = false;
  core::TaskScope background_;  // the boot; ends before what it works on
};

}  // namespace instances
