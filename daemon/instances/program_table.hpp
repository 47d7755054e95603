// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "daemon/instances/notify_socket.hpp"
#include "daemon/instances/status.hpp"

namespace instances {

/// The programs of one instance, as it reports them. Bounded: an owner decides what an instance reports.
class ProgramTable {
 public:
  using Changed = std::function<void(const ProgramStatus& program)>;
  static constexpr std::size_t kMostPrograms = 10000;

  /// Takes in what a message reports. `changed` is called for each program that is new, different or gone; one that is
  /// gone has the state core::notify::kRemoved.
  void apply(const Notice& notice, const Changed& changed);
  void clear();

  [[nodiscard]] bool contains(const std::string& name) const { return programs_.contains(name); }
  [[nodiscard]] std::vector<ProgramStatus> list() const;
  /// Number of programs by state.
  [[nodiscard]] const std::map<std::string, std::uint32_t>& counts() const noexcept { return counts_; }
  /// Whether the whole table has come once: without that the counts mean nothing.
  [[nodiscard]] bool isComplete() const noexcept { return complete_; }
  /// The process groups of the programs that run.
  [[nodiscard]] std::set<pid_t> groups() const;

 private:
  void set(const core::notify::Program& program, const Changed& changed);
  void count(const std::string& state, int change);

  /// A set, since each has its name: a map would keep that twice.
  struct ByName {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): the name that std::set looks for
    bool operator()(const ProgramStatus& a, const ProgramStatus& b) const noexcept { return a.name < b.name; }
    bool operator()(const ProgramStatus& a, const std::string& b) const noexcept { return a.name < b; }
    bool operator()(const std::string& a, const ProgramStatus& b) const noexcept { return a < b.name; }
  };
  std::set<ProgramStatus, ByName> programs_;
  std::map<std::string, std::uint32_t> counts_;  // kept, since it is read after each change
  bool complete_ = false;
};

}  // namespace instances
