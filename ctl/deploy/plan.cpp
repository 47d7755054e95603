// SPDX-License-Identifier: MIT
#include "ctl/deploy/plan.hpp"

#include <cstdint>
#include <utility>

#include "ctl/deploy/documents.hpp"

namespace deploy {
namespace {

/// Actions that only look at what runs.
bool isAboutServices(std::string_view action) { return action == "start" || action == "stop" || action == "status"; }

Value plannedItem(const Item& item, Value::List hosts) {
  Value::Map members{{"at", text(toText(item.mark))}, {"hosts", list(std::move(hosts))}};
  for (const auto& [key, value] : item.values)
    if (key != "scope" && key != "when") members.emplace_back(key, value);
  return map(std::move(members));
}

Value names(const Value::Map& variables) {
  Value::List list;
  for (const auto& [name, value] : variables) list.push_back(text(name));
  return {std::move(list)};
}

Value plannedHosts(const Application& application, const Names& hosts) {
  Value::Map planned;
  for (const auto& host : application.section("hosts")) {
    const auto& name = host.text("name");
    if (hosts.count(name) == 0) continue;
    planned.emplace_back(name, map({{"privileged", flag(!host.has("privileged") || host.flag("privileged"))}}));
  }
  return map(std::move(planned));
}

}  // namespace

const std::vector<std::string_view>& plannedSections() {
  static const std::vector<std::string_view> kSections{
      "groups",           "users", "folders", "files", "trees", "systemd_units", "supervisors", "supervisor_programs",
      "supervisor_groups"};
  return kSections;
}

bool looksAt(std::string_view action, std::string_view section) noexcept {
  return !isAboutServices(action) || section.starts_with("supervisor") || section == "systemd_units";
}

std::vector<std::string> hostsOfRun(const Application& application, std::string_view action, const Names& allowed) {
  Names concerned;
  for (const auto section : plannedSections())
    if (looksAt(action, section))
      for (const auto& item : application.section(section)) concerned.insert(item.hosts.begin(), item.hosts.end());
  std::vector<std::string> names;
  for (auto& name : hostNames(application))
    if (concerned.count(name) > 0 && allowed.count(name) > 0) names.push_back(std::move(name));
  return names;
}

Value plan(const Application& application, const PlanSettings& settings, const std::vector<std::string>& hosts) {
  const Names chosen(hosts.begin(), hosts.end());
  Value::Map sections;
  for (const auto section : plannedSections()) {
    // No more than needed: other items may have passwords.
    if (!looksAt(settings.action, section)) continue;
    Value::List items;
    for (const auto& item : application.section(section)) {
      Value::List itsHosts;
      for (const auto& host : item.hosts)
        if (chosen.count(host) > 0) itsHosts.push_back(text(host));
      if (!itsHosts.empty()) items.push_back(plannedItem(item, std::move(itsHosts)));
    }
    if (!items.empty()) sections.emplace_back(std::string(section), list(std::move(items)));
  }
  return map({{"version", {std::int64_t{1}}},
              {"action", text(settings.action)},
              {"purge", flag(settings.purge)},
              {"prune", flag(settings.prune)},
              {"diff", flag(settings.diff)},
              {"packages", texts(settings.packages)},
              {"secrets", names(application.encryptedVars)},
              {"hosts", plannedHosts(application, chosen)},
              {"items", map(std::move(sections))}});
}

}  // namespace deploy
