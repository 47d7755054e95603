// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "daemon/entries/drop_in.hpp"
#include "daemon/entries/loader.hpp"
#include "daemon/instances/context.hpp"
#include "daemon/instances/decide.hpp"
#include "daemon/instances/failures.hpp"
#include "daemon/instances/manager.hpp"
#include "daemon/instances/runner.hpp"

namespace instances {

/// The manager proper: entries on one side, one runner each on the other.
class Fleet final : public Manager, private Runner::Listener {
 public:
  Fleet(core::EventLoop& loop, core::Reaper& reaper, ManagerOptions options);
  ~Fleet() override;

  /// Makes the manager's own directories and reads the entries. Fails if there is nothing to stand on.
  [[nodiscard]] core::Status open();
  /// Looks at the processes of an earlier manager's records, at most some seconds; then `done`, from the loop.
  void lookForInstances(std::function<void()> done);
  /// Takes over what runs and starts what shall run, by priority, side by side within one.
  void begin();
  /// Takes over what runs, and starts and stops nothing.
  void takeOver();
  /// Stops all instances, the highest priority number first; then `done`.
  void stopAll(std::function<void()> done);
  /// What reexecute() does after its answer.
  void setReexecution(std::function<void()> execute) { reexecution_ = std::move(execute); }
  /// Writes down what runs, for the next manager.
  void letGo();
  [[nodiscard]] const entries::ManagerSettings& settings() const noexcept { return settings_; }
  [[nodiscard]] entries::LoadOptions loadOptions() const;
  /// Where the instances were declared that only an earlier manager brought about.
  [[nodiscard]] std::map<std::string, entries::Places> rememberedPlaces() const;

  [[nodiscard]] std::vector<std::string> names() const override;
  [[nodiscard]] std::vector<InstanceStatus> list() const override;
  [[nodiscard]] std::optional<InstanceStatus> get(const std::string& name) const override;
  [[nodiscard]] std::vector<ProgramStatus> programs(const std::string& name) const override;
  [[nodiscard]] Usage usage(const std::string& name) const override;
  [[nodiscard]] std::optional<std::string> nameOfPid(pid_t pid) const override;
  [[nodiscard]] std::vector<std::string> namesOfUid(uid_t uid) const override;
  [[nodiscard]] const std::vector<entries::Complaint>& refused() const override { return refused_; }
  [[nodiscard]] const std::vector<entries::Complaint>& warnings() const override { return warnings_; }

  core::Task<OperationResult> start(std::string name) override;
  core::Task<OperationResult> stop(std::string name) override;
  core::Task<OperationResult> restart(std::string name) override;
  core::Task<OperationResult> forceRestart(std::string name) override;
  core::Task<Answer<std::vector<std::string>>> check(std::string name) override;
  core::Task<OperationResult> reload(std::string name) override;
  core::Task<OperationResult> kill(std::string name, KillWhom whom, int signo) override;
  core::Task<OperationResult> controlProgram(std::string name, std::string program, ProgramVerb verb) override;
  core::Task<Answer<std::string>> programLog(std::string name, std::string program) override;
  [[nodiscard]] Answer<bool> setEnabled(const std::string& name, bool enabled) override;
  core::Task<OperationResult> create(std::string name, Properties properties) override;
  core::Task<OperationResult> setProperties(std::string name, Properties properties) override;
  core::Task<OperationResult> remove(std::string name, bool purge) override;
  core::Task<Answer<ReloadReport>> reloadAll(bool dryRun) override;
  core::Task<OperationResult> reexecute() override;
  void addObserver(Observer* observer) override;
  void removeObserver(Observer* observer) override;

 private:
  void start(const std::string& name, Done done);
  void stop(const std::string& name, Done done);
  void restart(const std::string& name, Done done);
  void forceRestart(const std::string& name, Done done);
  void check(const std::string& name, WarningsDone done);
  void reload(const std::string& name, Done done);
  void kill(const std::string& name, KillWhom whom, int signo, Done done);
  void controlProgram(const std::string& name, const std::string& program, ProgramVerb verb, Done done);
  void programLog(const std::string& name, const std::string& program, TextDone done);
  void create(const std::string& name, const Properties& properties, Done done);
  void setProperties(const std::string& name, const Properties& properties, Done done);
  void remove(const std::string& name, bool purge, Done done);
  void reloadAll(bool dryRun, ReloadDone done);
  void reexecute(Done done);

  struct Gathering;
  struct UnderWay;
  using Turn = std::shared_ptr<UnderWay>;
  using Gather = std::shared_ptr<Gathering>;
  /// An instance that is being removed.
  struct Leaving {
    std::vector<Gather> waiting;  ///< other reloads that found it so
    std::function<void()> then;   ///< its entry is back
  };

  void changed(Runner& runner) override;
  void programChanged(Runner& runner, const ProgramStatus& program) override;
  [[nodiscard]] bool soleOf(uid_t uid) const override;
  [[nodiscard]] std::set<pid_t> mains() const override;
  void flushChanges();

  [[nodiscard]] Runner* find(const std::string& name) const;
  /// Runs `call` on the instance, or answers that there is none or that the manager is ending.
  void with(const std::string& name, const Done& done, const std::function<void(Runner&)>& call);
  Runner& add(entries::Entry entry);
  void erase(const std::string& name);
  /// The end of a removal: the instance is gone, and an entry of its name that came back meanwhile is applied.
  void leave(const std::string& name);
  /// The runner of an instance that is not being removed.
  [[nodiscard]] Runner* staying(const std::string& name) const;
  void withStaying(const std::string& name, const Done& done, const std::function<void(Runner&)>& call);

  void takeLoaded(entries::Loaded& loaded);
  void applySettings();
  void decideFirst(Runner& runner, std::vector<std::string>& toStart);
  void applyIfGood(Runner& runner, const Decision& decision);
  void clearForgotten(const entries::Loaded& loaded);
  void startByPriority(std::vector<std::string> names);
  void stopByPriority(std::vector<std::string> names, std::function<void()> done);
  [[nodiscard]] static Seen see(const Runner* runner);
  [[nodiscard]] bool isKept(const Runner& runner, const entries::Loaded& loaded) const;

  void plan(const entries::Loaded& loaded, const Gather& gather);
  void apply(entries::Loaded loaded, const Gather& gather);
  void applyEntry(entries::Entry entry, const Gather& gather);
  [[nodiscard]] Turn beginChange(const std::string& name);
  void endChange(const std::string& name);
  void applyChanged(Runner& runner, entries::Entry entry, const Gather& gather, const Turn& turn);
  void replaceEntry(Runner& runner, entries::Entry entry, const Decision& decision, const Gather& gather,
                    const Turn& turn);
  void removeRunner(Runner& runner, bool purge, const Gather& gather);
  void remember(Runner& runner, std::string deployed, const Gather& gather);
  void bringAbout(Runner& runner, const Decision& decision, const Gather& gather, const Turn& turn);

  [[nodiscard]] std::optional<ManagerError> checkProperties(const Properties& properties) const;
  void writeAndApply(const std::string& name, const std::map<std::string, std::optional<std::string>>& files,
                     Done done);
  [[nodiscard]] bool waitsForEdit(std::function<void()> edit);
  void applyWritten(const std::string& name, entries::Loaded loaded, Done done);
  [[nodiscard]] std::optional<std::string> trialComplaint(const std::string& name, const entries::Loaded& loaded) const;

  ManagerOptions options_;
  InstanceContext context_;
  entries::HostNames host_;
  entries::ManagerSettings settings_;
  std::map<std::string, std::unique_ptr<Runner>> runners_;
  std::map<std::string, Leaving> leaving_;
  std::map<std::string, UnderWay*> changing_;
  std::list<std::function<void()>> soon_;      // changes whose turn has come
  std::unique_ptr<Runner> trial_;              // of an entry that is about to be written
  std::list<std::function<void()>> edits_;     // wait for that
  std::vector<std::unique_ptr<Runner>> gone_;  // freed when nothing of them is on the stack
  std::vector<entries::Complaint> refused_;
  std::vector<entries::Complaint> warnings_;
  entries::Loaded first_;  // between open() and begin()
  std::unique_ptr<layout::OwnerTask> looking_;
  std::unique_ptr<core::Timer> lookAgain_;
  std::vector<Observer*> observers_;
  std::set<std::string> changed_;
  core::Deferred changes_;
  std::function<void()> reexecution_;
  bool ending_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // callbacks that outlive this see it gone
};

}  // namespace instances
