// SPDX-License-Identifier: MIT
#include "ctl/deploy/playbook.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ctl/deploy/documents.hpp"

namespace deploy {
namespace {

constexpr const char* kModule = "supervisor_manager.supervisor.deploy";

struct Stage {
  std::string_view name;
  std::int64_t priority;  ///< HADeploy's, of the plug-in that does this
};
using Stages = std::vector<Stage>;

Stages stagesOf(std::string_view action) {
  if (action == "deploy")
    return {{"accounts", 2000}, {"files", 3000}, {"units", 6000}, {"instances", 7000}, {"programs", 7000}};
  if (action == "remove")
    return {{"programs", 1600}, {"instances", 1600}, {"units", 1800}, {"files", 4000}, {"accounts", 7000}};
  if (action == "start") return {{"units", 5000}, {"instances", 6000}, {"programs", 6000}};
  if (action == "stop") return {{"programs", 4000}, {"instances", 4000}, {"units", 5000}};
  if (action == "status") return {{"status", 5000}};
  return {};
}

/// Whether a comparison comes first. The other actions are as quick as one.
bool comparesFirst(std::string_view action) { return action == "deploy" || action == "remove"; }

Value names(const Stages& stages) {
  Value::List names;
  for (const auto& stage : stages) names.push_back(text(std::string(stage.name)));
  return list(std::move(names));
}

/// Writes the plays of one action.
class Writer {
 public:
  explicit Writer(const PlaybookSettings& settings) : settings_(settings) {}

  Value write() {
    if (!settings_.factHosts.empty()) plays_.push_back(play("facts", settings_.factHosts, {}, true));
    auto inserted = settings_.inserted;
    std::stable_sort(inserted.begin(), inserted.end(),
                     [](const auto& a, const auto& b) { return a.priority < b.priority; });
    auto left = stagesOf(settings_.action);
    for (const auto& one : inserted) {
      const auto later =
          std::find_if(left.begin(), left.end(), [&one](const Stage& stage) { return stage.priority > one.priority; });
      addStages(Stages(left.begin(), later));
      left.erase(left.begin(), later);
      plays_.push_back(map({{"import_playbook", text(one.file)}}));
    }
    addStages(left);
    return list(std::move(plays_));
  }

 private:
  void addStages(const Stages& stages) {
    if (stages.empty() || settings_.hosts.empty()) return;
    auto tasks = comparesFirst(settings_.action) ? comparedTasks(stages) : Value::List{task(settings_.action, stages)};
    plays_.push_back(play(settings_.action, settings_.hosts, std::move(tasks), false));
  }

  Value::List comparedTasks(const Stages& stages) {
    Value::Map compare{{"plan", text(settings_.planFile)}, {"stages", names(stages)}, {"compare", flag(true)}};
    // What an earlier part of this run has changed counts for restarts.
    if (std::exchange(compared_, true)) compare.emplace_back("before", text("{{ compared }}"));
    Value::List tasks{
        map({{"name", text("compare")}, {kModule, map(std::move(compare))}, {"register", text("compared")}})};
    if (settings_.check) return tasks;
    tasks.push_back(map(
        {{"name", text("end")}, {"ansible.builtin.meta", text("end_host")}, {"when", text("compared.pending == []")}}));
    for (const auto& stage : stages) tasks.push_back(stageTask(stage));
    return tasks;
  }

  Value stageTask(const Stage& stage) const {
    return map(
        {{"name", text(std::string(stage.name))},
         {kModule,
          map({{"plan", text(settings_.planFile)}, {"stages", names({stage})}, {"before", text("{{ compared }}")}})},
         {"when", text(fmt::format("'{}' in compared.pending", stage.name))}});
  }

  Value task(const std::string& name, const Stages& stages) const {
    Value::Map arguments{{"plan", text(settings_.planFile)}, {"stages", names(stages)}};
    if (settings_.check) arguments.emplace_back("compare", flag(true));
    return map({{"name", text(name)}, {kModule, map(std::move(arguments))}});
  }

  Value play(const std::string& name, const std::vector<std::string>& hosts, Value::List tasks, bool facts) const {
    // The state of the other hosts is worth knowing, whatever one of them says.
    const bool ends = settings_.exitOnFail && settings_.action != "status";
    Value::Map members{
        {"name", text(name)}, {"hosts", texts(hosts)}, {"gather_facts", flag(facts)}, {"any_errors_fatal", flag(ends)}};
    if (!tasks.empty()) members.emplace_back("tasks", list(std::move(tasks)));
    return map(std::move(members));
  }

  const PlaybookSettings& settings_;
  Value::List plays_;
  bool compared_ = false;
};

}  // namespace

Value playbook(const PlaybookSettings& settings) { return Writer(settings).write(); }

}  // namespace deploy
