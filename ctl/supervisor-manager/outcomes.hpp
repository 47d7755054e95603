// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "ctl/supervisor-manager/session.hpp"

namespace manager {

/// What was done to whom: a line each for people, or with --json one array at the end.
class Outcomes {
 public:
  /// `instance`: what follows are names of its programs; empty: they are names of instances.
  explicit Outcomes(Session& session, std::string instance = "") : session_(session), instance_(std::move(instance)) {}

  void done(const std::string& name, const std::string& what);
  void failed(const std::string& name, const Failure& failure);
  /// The names of those that it worked for, in their order.
  [[nodiscard]] const std::vector<std::string>& good() const noexcept { return good_; }
  /// Prints the array, if that is wanted. Gives the session's code.
  ExitCode finish();

 private:
  void add(const std::string& name, const std::string& result, const Failure* failure);

  Session& session_;
  std::string instance_;
  std::vector<std::string> objects_;
  std::vector<std::string> good_;
};

/// The calls, one for each name, some side by side, with a line that counts on a terminal; each is told by `outcomes`.
void runAll(Session& session, const std::vector<std::string>& names, const std::vector<Call>& calls,
            const std::string& done, Outcomes& outcomes);

}  // namespace manager
