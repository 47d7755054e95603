// SPDX-License-Identifier: MIT
#include "daemon/entries/builder.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "daemon/entries/attributes.hpp"
#include "daemon/entries/values.hpp"

namespace entries {
namespace {

/// The longest path a Unix socket can have: sun_path is 108 bytes with the final NUL.
constexpr std::size_t kSocketPathLimit = 107;

class Builder {
 public:
  Builder(const core::IniDocument& document, const core::IniSection& section, const BuildOptions& options)
      : document_(document), section_(section), options_(options) {
    auto& entry = draft_.entry;
    entry.name = section.name().substr(section.name().find(':') + 1);
    entry.origin = {*section.place().file, static_cast<int>(section.place().line)};
    draft_.root = options.root;
  }

  std::optional<Entry> build() {
    auto& entry = draft_.entry;
    if (!isInstanceName(entry.name))
      complain("", fmt::format("'{}' cannot be a name: 1 to 64 letters, digits, '_', '-' and '.', the first one a "
                               "letter, digit or '_'",
                               entry.name));
    readAttributes();
    resolveOwner();
    fillPaths();
    fillServer();
    if (!good_) return std::nullopt;
    return std::move(entry);
  }

 private:
  void complain(const std::string& key, std::string reason) {
    options_.complain({draft_.entry.origin.file, lineOf(key), section_.name(), key, std::move(reason)});
    good_ = false;
  }
  void warn(const std::string& key, std::string reason) {
    options_.warn({draft_.entry.origin.file, lineOf(key), section_.name(), key, std::move(reason)});
  }
  [[nodiscard]] int lineOf(const std::string& key) const {
    const auto* found = key.empty() ? nullptr : document_.get(section_, key);
    return static_cast<int>(found ? found->place.line : section_.place().line);
  }

  void readAttributes() {
    for (const auto* item : document_.entriesOf(section_)) {
      const auto* attribute = findAttribute(item->key);
      if (!attribute) {
        const auto near = nearestAttribute(item->key);
        warn(item->key, near ? fmt::format("unknown key; did you mean '{}'?", *near) : "unknown key");
        continue;
      }
      draft_.entry.written.emplace_back(item->key, item->value);
      if (auto reason = attribute->set(draft_, item->value)) complain(item->key, std::move(*reason));
    }
  }

  void resolveOwner() {
    auto& entry = draft_.entry;
    if (draft_.user.empty()) complain("user", "is required: the account that owns the instance");
    if (draft_.group.empty()) complain("group", "is required: the group of the owner");
    const auto account = draft_.user.empty() ? std::nullopt : options_.owners.account(draft_.user);
    const auto gid = draft_.group.empty() ? std::nullopt : options_.owners.group(draft_.group);
    if (!draft_.user.empty() && !account) complain("user", fmt::format("there is no account '{}'", draft_.user));
    if (!draft_.group.empty() && !gid) complain("group", fmt::format("there is no group '{}'", draft_.group));
    if (!account || !gid) return;
    if (options_.onlyUid && account->uid != *options_.onlyUid)
      return complain("user", "the manager does not run as root, so it can only run instances of its own account");
    if (!options_.onlyUid && account->uid == 0)
      return complain("user",
                      "an instance runs without privileges; root's own is the system instance "
                      "(supervisord.service, /etc/supervisord.conf)");
    entry.owner = *account;
    entry.group = draft_.group;
    entry.identity = options_.owners.identity(*account, *gid);
    for (const auto& name : entry.execution.supplementaryGroups)
      if (const auto extra = options_.owners.group(name)) entry.identity.groups.push_back(*extra);
    auto& groups = entry.identity.groups;
    std::sort(groups.begin(), groups.end());
    groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  }

  void fillPaths() {
    auto& entry = draft_.entry;
    const std::pair<const char*, std::string*> paths[] = {
        {"conf_file_dst", &entry.confFile}, {"logs_dir", &entry.logsDir},
        {"pid_dir", &entry.pidDir},         {"socks_dir", &entry.socksDir},
        {"include_dir", &entry.includeDir}, {"supervisorctl", &entry.supervisorctl}};
    for (const auto& [key, path] : paths)
      if (path->empty()) *path = defaultPath(key, entry.name, options_.root);
    if (entry.socketPath().size() > kSocketPathLimit)
      complain("socks_dir", fmt::format("{} is longer than the {} bytes that a socket's path can have",
                                        entry.socketPath(), kSocketPathLimit));
  }

  void fillServer() {
    auto& entry = draft_.entry;
    if (draft_.http && !*draft_.http) {
      if (draft_.serverMentioned) warn("http_server", "is 'no', so that all http_server.* keys have no effect");
      return;
    }
    if (!draft_.http && !draft_.serverMentioned) return;
    auto& server = draft_.server;
    if (server.password.empty() && !server.username.empty()) {
      warn("http_server.username", "has no effect without http_server.password: the interface is open");
      server.username.clear();
    }
    if (!server.password.empty() && server.username.empty()) server.username = draft_.user;
    entry.http = server;
  }

  const core::IniDocument& document_;
  const core::IniSection& section_;
  const BuildOptions& options_;
  Draft draft_;
  bool good_ = true;
};

}  // namespace

std::optional<Entry> buildEntry(const core::IniDocument& document, const core::IniSection& section,
                                const BuildOptions& options) {
  return Builder(document, section, options).build();
}

}  // namespace entries
