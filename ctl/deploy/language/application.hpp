// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "ctl/deploy/yaml/node.hpp"
#include "ctl/deploy/yaml/problems.hpp"

namespace deploy {

/// A checked value in the type of its attribute.
struct Value {
  struct Member;
  using List = std::vector<Value>;
  using Map = std::vector<Member>;
  std::variant<std::string, std::int64_t, double, bool, List, Map> data;
  friend bool operator==(const Value& a, const Value& b);
};

/// A member of a map: name and value. Not a std::pair, which clang 14 cannot instantiate before Value is complete.
struct Value::Member {
  Member(std::string_view name, Value value) : first(name), second(std::move(value)) {}

  std::string first;
  Value second;
  friend bool operator==(const Member&, const Member&) = default;
};

inline bool operator==(const Value& a, const Value& b) { return a.data == b.data; }

using Names = std::set<std::string, std::less<>>;

/// Names of hosts. Items with the same scope share one set, so that a thousand programs on a thousand hosts cost
/// little.
class HostSet {
 public:
  HostSet();
  HostSet(Names names);  // NOLINT(google-explicit-constructor): a set of names is one of hosts
  HostSet(std::initializer_list<std::string> names) : HostSet(Names(names)) {}

  [[nodiscard]] auto begin() const noexcept { return names_->begin(); }
  [[nodiscard]] auto end() const noexcept { return names_->end(); }
  [[nodiscard]] std::size_t size() const noexcept { return names_->size(); }
  [[nodiscard]] bool empty() const noexcept { return names_->empty(); }
  [[nodiscard]] bool contains(std::string_view name) const { return names_->find(name) != names_->end(); }
  /// Whether every host of `other` is in it.
  [[nodiscard]] bool includes(const HostSet& other) const;
  [[nodiscard]] bool overlaps(const HostSet& other) const;
  [[nodiscard]] const Names& names() const noexcept { return *names_; }
  friend bool operator==(const HostSet& a, const HostSet& b) { return a.names_ == b.names_ || *a.names_ == *b.names_; }

 private:
  std::shared_ptr<const Names> names_;
};

/// An item of a section, such as one program: its attributes, with defaults filled in. An attribute that has no value
/// and no default is absent.
struct Item {
  Mark mark;
  std::string path;  ///< /supervisor_programs/3
  std::map<std::string, Value, std::less<>> values;
  HostSet hosts;  ///< where it applies; hosts themselves have none

  [[nodiscard]] bool has(std::string_view key) const;
  /// Of an attribute that is present or has a default; anything else is a bug.
  [[nodiscard]] const std::string& text(std::string_view key) const;
  [[nodiscard]] bool flag(std::string_view key) const;
};

/// The sources, understood: what is to be on which host.
struct Application {
  /// By the name of the section, in the order of the sources; sections without items are absent. Items with `when: no`
  /// and those that the scopes of the run leave out are not in it. The hosts have their overrides applied.
  std::map<std::string, std::vector<Item>, std::less<>> sections;
  /// Each host_group with all its hosts.
  std::map<std::string, Names, std::less<>> groups;
  Value::Map vars;           ///< for Ansible
  Value::Map encryptedVars;  ///< name and "$ANSIBLE_VAULT;..." text
  bool exitOnFail = true;
  std::vector<std::string> rolesFolders;
  std::vector<std::string> playbooksFolders;

  [[nodiscard]] const std::vector<Item>& section(std::string_view name) const;
};

/// What a run is limited to: --scope replaces included_scopes, --noScope adds to excluded_scopes.
struct Selection {
  std::optional<std::vector<std::string>> scopes;
  std::vector<std::string> excluded;
};

/// Checks the merged sources against the table of attributes, resolves scopes and checks references between items.
[[nodiscard]] Application understand(const Node& root, const Selection& selection, Problems& problems);

}  // namespace deploy
