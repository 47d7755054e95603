// SPDX-License-Identifier: MIT
#include "ctl/deploy/facts.hpp"

#include <dirent.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <utility>

#include "ctl/deploy/plan.hpp"
#include "lib/core/files.hpp"

namespace deploy {
namespace {

constexpr std::size_t kTemplateLimit = 1U << 20;  ///< bytes of a template that are looked at
constexpr int kDepthLimit = 20;                   ///< folders in folders of a tree

/// Variables ansible_... that need no facts.
constexpr std::array<std::string_view, 19> kKnownBefore{"ansible_become",     "ansible_check_mode",
                                                        "ansible_connection", "ansible_dependent_role_names",
                                                        "ansible_diff_mode",  "ansible_forks",
                                                        "ansible_host",       "ansible_inventory_sources",
                                                        "ansible_limit",      "ansible_loop",
                                                        "ansible_managed",    "ansible_play",
                                                        "ansible_port",       "ansible_python_interpreter",
                                                        "ansible_run_tags",   "ansible_search_path",
                                                        "ansible_ssh",        "ansible_user",
                                                        "ansible_verbosity"};

bool isNameCharacter(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// ansible_user is known before, and so is ansible_ssh_port; ansible_user_id and ansible_hostname are facts.
bool isFact(std::string_view name) {
  if (name == "hostvars" || name == "groups") return true;
  if (!name.starts_with("ansible_")) return false;
  return std::none_of(kKnownBefore.begin(), kKnownBefore.end(), [name](std::string_view known) {
    const bool isFamily = known == "ansible_ssh" || known == "ansible_play" || known == "ansible_become";
    return name == known || (isFamily && name.starts_with(known) && name[known.size()] == '_' &&
                             !name.starts_with("ansible_ssh_host_key"));
  });
}

/// Whether one of the names in an expression is a fact.
bool usesFact(std::string_view expression) {
  std::size_t at = 0;
  while (at < expression.size()) {
    std::size_t end = at;
    while (end < expression.size() && isNameCharacter(expression[end])) ++end;
    if (end > at && isFact(expression.substr(at, end - at))) return true;
    at = std::max(end, at + 1);
  }
  return false;
}

bool mentions(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value.data)) return mentionsFacts(*text);
  if (const auto* items = std::get_if<Value::List>(&value.data))
    return std::any_of(items->begin(), items->end(), mentions);
  if (const auto* members = std::get_if<Value::Map>(&value.data))
    return std::any_of(members->begin(), members->end(), [](const auto& member) { return mentions(member.second); });
  return false;
}

bool fileMentions(const std::string& path) {
  const auto content = core::readFile(path, kTemplateLimit);
  // A file that cannot be read is reported when it is rendered; a huge one is worth the facts.
  return content ? mentionsFacts(*content) : content.error().code == EFBIG;
}

bool folderMentions(const std::string& path, int depth) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), ::closedir);
  if (!folder || depth > kDepthLimit) return false;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    const auto inside = path + "/" + name;
    if (core::isDirectory(inside) ? folderMentions(inside, depth + 1) : fileMentions(inside)) return true;
  }
  return false;
}

/// Whether what an item names as its content is a template that needs facts.
bool templateMentions(const Item& item, std::string_view section) {
  const auto is = [&item](std::string_view key, std::string_view scheme) {
    return item.has(key) && item.text(key) == scheme;
  };
  // A provided configuration is rendered, whether it is called file:// or tmpl://.
  if (item.has("conf_file_source") && fileMentions(item.text("conf_file_source"))) return true;
  if (!is("scheme", "tmpl") || !item.has("source")) return false;
  return section == "trees" ? folderMentions(item.text("source"), 0) : fileMentions(item.text("source"));
}

bool applicationMentions(const Application& application, std::string_view action) {
  if (mentions({application.vars})) return true;
  for (const auto section : plannedSections()) {
    if (!looksAt(action, section)) continue;
    for (const auto& item : application.section(section)) {
      const bool inValue =
          std::any_of(item.values.begin(), item.values.end(), [](const auto& one) { return mentions(one.second); });
      // Only a deployment renders files.
      if (inValue || (action == "deploy" && templateMentions(item, section))) return true;
    }
  }
  return false;
}

bool asksForSetup(const Item& item) { return item.has("force_setup") && item.flag("force_setup"); }

}  // namespace

bool mentionsFacts(std::string_view text) noexcept {
  while (true) {
    const auto open = std::min(text.find("{{"), text.find("{%"));
    if (open == std::string_view::npos) return false;
    text.remove_prefix(open + 2);
    const auto end = std::min(text.find("}}"), text.find("%}"));
    if (usesFact(text.substr(0, end))) return true;
    if (end == std::string_view::npos) return false;
    text.remove_prefix(end);
  }
}

std::vector<std::string> factHosts(const Application& application, std::string_view action,
                                   const std::vector<std::string>& ofRun, const Names& allowed) {
  Names wanted;
  for (const auto& host : application.section("hosts"))
    if (asksForSetup(host)) wanted.insert(host.text("name"));
  for (const auto& group : application.section("host_groups")) {
    if (!asksForSetup(group)) continue;
    if (const auto members = application.groups.find(group.text("name")); members != application.groups.end())
      wanted.insert(members->second.begin(), members->second.end());
  }
  const bool allAsk = std::all_of(ofRun.begin(), ofRun.end(), [&](const auto& host) { return wanted.count(host) > 0; });
  if (!allAsk && applicationMentions(application, action)) wanted.insert(ofRun.begin(), ofRun.end());
  std::vector<std::string> names;
  for (auto& name : hostNames(application))
    if (wanted.count(name) > 0 && allowed.count(name) > 0) names.push_back(std::move(name));
  return names;
}

}  // namespace deploy
