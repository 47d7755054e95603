// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "daemon/instances/notify_socket.hpp"
#include "daemon/instances/status.hpp"
#include "lib/lifecycle/state.hpp"

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
  [[nodiscard]] std::map<std::string, std::uint32_t> counts() const;
  /// Whether the whole table has come once: without that the counts mean nothing.
  [[nodiscard]] bool isComplete() const noexcept { return complete_; }
  /// The process groups of the programs that run.
  [[nodiscard]] std::set<pid_t> groups() const;

 private:
  /// What fits into the node of its name: a manager has ten thousand of them.
  struct Known {
    pid_t pid = 0;
    lifecycle::ProcessState state = lifecycle::ProcessState::Unknown;
    bool described = false;  ///< it has a text in descriptions_
  };
  using Programs = std::map<std::string, Known, std::less<>>;

  void set(const core::notify::Program& program, const Changed& changed);
  [[nodiscard]] bool isSame(const Programs::value_type& known, const core::notify::Program& program,
                            lifecycle::ProcessState state) const;
  void describe(const std::string& name, Known& known, const std::string& text);
  void remove(Programs::iterator program, const Changed& changed);
  [[nodiscard]] const std::string& descriptionOf(const std::string& name, const Known& known) const;
  std::uint32_t& countOf(lifecycle::ProcessState state) noexcept;

  Programs programs_;
  std::map<std::string, std::string, std::less<>> descriptions_;  ///< by program; few have one
  /// By the place of the state in kAllStates; kept, since they are read after each change.
  std::array<std::uint32_t, lifecycle::kAllStates.size()> counts_{};
  bool complete_ = false;
};

}  // namespace instances
