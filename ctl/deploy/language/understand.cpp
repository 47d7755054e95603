// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include "ctl/deploy/language/foreign.hpp"
#include "ctl/deploy/language/grooming.hpp"
#include "ctl/deploy/language/selection.hpp"
#include "ctl/deploy/language/variables.hpp"

namespace deploy {
namespace {

/// Sections that are one value, by name.
using Texts = std::map<std::string_view, std::vector<std::string>>;

void refuseSection(const Node::Member& member, Problems& problems) {
  const auto foreign = foreignSection(member.key);
  if (!foreign.plugin.empty()) {
    problems.error(member.mark, "/" + member.key,
                   foreign.plugin == member.key ? "this section is not supported"
                                                : fmt::format("the plug-in {} is not supported", foreign.plugin),
                   std::string(foreign.instead.empty() ? "remove this section" : foreign.instead));
    return;
  }
  std::vector<std::string_view> names;
  for (const auto& section : sections()) names.push_back(section.name);
  problems.error(member.mark, "/" + member.key, "there is no such section", didYouMean(member.key, names));
}

void readSection(const Node& root, const Section& section, const Node& node, Drafts& drafts, Texts& texts,
                 Application& application, Problems& problems) {
  switch (section.shape) {
    case Section::Shape::Items: readItems(section, node, drafts, problems); break;
    case Section::Shape::Texts: texts[section.name] = readTexts(section, node, problems); break;
    case Section::Shape::Boolean: application.exitOnFail = readFlag(section, node, problems); break;
    case Section::Shape::Map:
      if (section.name == "vars")
        application.vars = readVariables(node, problems);
      else
        application.encryptedVars = readEncrypted(node, root.find("vars"), problems);
      break;
  }
}

bool hasAttribute(const Section& section, std::string_view name) {
  return findAttribute(section.attributes, name) != nullptr;
}

/// Sections that are merged into hosts and groups: defaults and scopes are not theirs.
bool isInventory(const Section& section) { return section.name.starts_with("host"); }

ScopeFilter filterOf(const Node& root, const Selection& selection, Inventory& inventory, Problems& problems) {
  auto included = selection.scopes ? wordsOf(*selection.scopes, "--scope")
                                   : wordsOf(root.find("included_scopes"), "included_scopes");
  auto excluded = wordsOf(root.find("excluded_scopes"), "excluded_scopes");
  for (auto& word : wordsOf(selection.excluded, "--noScope")) excluded.push_back(std::move(word));
  return {std::move(included), std::move(excluded), inventory, problems};
}

void select(Drafts& drafts, const ScopeFilter& filter) {
  for (const auto& section : sections())
    for (auto& draft : drafts.of(section.name)) draft.selected = filter.selects(section.plugin, draft.scope);
}

void groom(Grooming& grooming, const Node& root, const Selection& selection,
           const std::vector<std::string>& playbooks) {
  for (const auto& section : sections()) {
    if (section.shape != Section::Shape::Items || isInventory(section)) continue;
    for (auto& draft : grooming.drafts.of(section.name)) fillDefaults(section, draft);
    // The scope of a group of programs has no effect.
    if (hasAttribute(section, "scope") && section.name != "supervisor_groups") resolveScopes(grooming, section);
  }
  groomAccounts(grooming);
  groomUnits(grooming);
  groomSupervisors(grooming);
  groomPrograms(grooming);
  groomProgramGroups(grooming);
  groomFiles(grooming);
  groomPlaybooks(grooming, playbooks);
  select(grooming.drafts, filterOf(root, selection, grooming.inventory, grooming.problems));
  groomNotifications(grooming);
}

void collect(Drafts& drafts, Application& application) {
  for (auto& [name, all] : drafts.sections) {
    if (name == "host_overrides" || name == "host_group_overrides" || name == "host_groups") continue;
    std::vector<Item> items;
    for (auto& draft : all)
      if (draft.selected) items.push_back(std::move(draft.item));
    if (!items.empty()) application.sections.emplace(name, std::move(items));
  }
}

}  // namespace

Application understand(const Node& root, const Selection& selection, Problems& problems) {
  Application application;
  Drafts drafts;
  Texts texts;
  for (const auto& member : root.members) {
    if (const Section* section = findSection(member.key))
      readSection(root, *section, member.value, drafts, texts, application, problems);
    else
      refuseSection(member, problems);
  }
  Inventory inventory(drafts, problems);
  const LocalFiles files(texts["local_files_folders"], texts["local_templates_folders"]);
  Grooming grooming{drafts, inventory, files, problems, {}};
  groom(grooming, root, selection, texts["playbooks_folders"]);
  application.groups = inventory.groups();
  application.rolesFolders = std::move(texts["roles_folders"]);
  application.playbooksFolders = std::move(texts["playbooks_folders"]);
  collect(drafts, application);
  return application;
}

}  // namespace deploy
