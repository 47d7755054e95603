// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ctl/deploy/language/draft.hpp"

namespace deploy {

/// The hosts and host groups of the sources: what scopes are resolved against.
class Inventory {
 public:
  /// Applies host_overrides and host_group_overrides to the drafts, and checks hosts and groups. The drafts must
  /// outlive it.
  Inventory(Drafts& drafts, Problems& problems);

  /// The hosts of a scope, or the reason why it is none.
  struct Scope {
    HostSet hosts;
    std::string reason;
    std::string suggestion;
  };
  /// "a:b" is a union, ":&a" an intersection, ":!a" an exclusion, and all or * every host, as in Ansible.
  [[nodiscard]] const Scope& resolve(const std::string& text);

  [[nodiscard]] const std::map<std::string, Names, std::less<>>& groups() const noexcept { return groups_; }

 private:
  struct Group {
    Draft* draft = nullptr;
    enum class State { New, Open, Done } state = State::New;
  };

  void collectHosts();
  void applyHostOverrides();
  void checkHosts();
  void checkHost(Draft& host);
  void checkKey(const Draft& host);
  void collectGroups();
  void applyGroupOverrides();
  void expandGroups();
  const Names* expand(std::string_view name, std::vector<std::string_view>& chain);
  void addMembers(const Draft& group, Names& names, std::vector<std::string_view>& chain);
  void shareForceSetup();
  [[nodiscard]] bool reportOnce(const Draft& host, std::string_view key);
  [[nodiscard]] Scope evaluate(const std::string& text) const;
  /// The hosts of one name; `scope` gets the reason if it is unknown.
  [[nodiscard]] Names find(std::string_view token, Scope& scope) const;
  void explainUnknown(std::string_view token, Scope& scope) const;

  Drafts& drafts_;
  Problems& problems_;
  std::map<std::string, Draft*, std::less<>> hosts_;
  std::map<std::string, Group, std::less<>> groupDrafts_;
  std::map<std::string, Names, std::less<>> groups_;
  Names all_;
  HostSet everyHost_;
  std::unordered_map<std::string, Scope> scopes_;
  std::map<std::string, std::string, std::less<>> keys_;  ///< why a private key cannot be read, by path; "" if it can
  Names reported_;
};

}  // namespace deploy
