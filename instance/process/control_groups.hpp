// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "instance/process/given_group.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"
#include "lib/dialect/control_group.hpp"

namespace process {

class ProcessContext;

/// The control groups of our programs, below the group that was given to us. Made for the first program that needs one.
class ControlGroups {
 public:
  explicit ControlGroups(ProcessContext& context);

  struct Group {
    core::UniqueFd directory;
    std::string name;  ///< below the group that was given to us
  };
  /// Makes an empty group with these limits. `program` is a part of its name. The error is why the program cannot be
  /// started, and what to do.
  [[nodiscard]] core::Expected<Group> make(const std::string& program, const config::ControlGroup& limits);
  /// The same without limits, for what belongs to a program; only where the group was given to us to be divided.
  [[nodiscard]] core::Expected<Group> makeForFamily(const std::string& program);
  /// The name of the group that a process is in; empty: it is in none of a program.
  [[nodiscard]] std::string nameOf(pid_t pid);
  /// Whether it can be the name of a program's group.
  [[nodiscard]] static bool isName(std::string_view name) noexcept;
  /// Opens one that a predecessor has made.
  [[nodiscard]] core::UniqueFd open(const std::string& name) noexcept;
  /// Gives a group other limits.
  [[nodiscard]] core::Status apply(int group, const config::ControlGroup& limits);
  /// Removes a group with those below it. If processes are left in it, that is tried again before the next is made.
  void remove(int group, const std::string& name) noexcept;

  /// The controllers that programs need, "memory pids": what the manager is asked for.
  [[nodiscard]] std::string needed() const;
  /// A manager that has ended takes the controllers away, so that systemd can start the next one, and with them the
  /// limits. They are set again when the next one has passed the controllers on.
  void managerIsNew() noexcept;

 private:
  [[nodiscard]] core::Status enable(const config::ControlGroup& limits);
  [[nodiscard]] core::Status enable(const char* key, const char* controller);
  [[nodiscard]] bool isOffered(const char* controller) const;
  [[nodiscard]] bool askFor(const char* controller);
  [[nodiscard]] core::Expected<Group> makeDirectory(const std::string& program);
  void limitAgain();
  void removeLeft() noexcept;

  ProcessContext& context_;
  GivenGroup base_;
  bool waited_ = false;  ///< for a manager that does not answer
  std::vector<const char*> needed_;
  std::vector<std::string> left_;
  core::Timer again_;
  core::Duration pause_{};
};

}  // namespace process
