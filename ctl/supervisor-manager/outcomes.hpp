// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "ctl/supervisor-manager/session.hpp"

namespace manager {

/// Prints the results of a verb: one line per name, or with --json one array at the end.
class Outcomes {
 public:
  /// `instance`: the names are those of its programs; empty: they are names of instances.
  explicit Outcomes(Session& session, std::string instance = "") : session_(session), instance_(std::move(instance)) {}

  void done(const std::string& name, const std::string& what);
  void failed(const std::string& name, const Failure& failure);
  /// The names for which the verb succeeded, in order.
  [[nodiscard]] const std::vector<std::string>& good() const noexcept { return good_; }
  /// Prints the array if --json is given. Returns the session's code.
  ExitCode finish();

 private:
  void add(const std::string& name, const std::string& result, const Failure* failure);

  Session& session_;
  std::string instance_;
  std::vector<std::string> objects_;
  std::vector<std::string> good_;
};

/// Makes the calls, one per name and several in parallel, and adds each result to `outcomes`. On a terminal, a line on
/// standard error counts them. `done` is the result of a call that succeeds ("started").
void runAll(Session& session, const std::vector<std::string>& names, const std::vector<Call>& calls,
            const std::string& done, Outcomes& outcomes);

}  // namespace manager
