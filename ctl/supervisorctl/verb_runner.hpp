// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ctl/supervisorctl/failure.hpp"
#include "ctl/supervisorctl/names.hpp"
#include "ctl/supervisorctl/parallel.hpp"
#include "ctl/supervisorctl/process_verbs.hpp"
#include "lib/core/clock.hpp"

namespace ctl {

/// Executes one verb for a list of names, prints the results and sets the exit status for those that failed.
class VerbRunner {
 public:
  /// Both outlive it. `until`: how long its calls may take.
  VerbRunner(Session& session, const Verb& verb, std::optional<core::Instant> until = {})
      : session_(session), verb_(verb), until_(until) {}

  /// The time was over before an answer came.
  [[nodiscard]] bool late() const noexcept { return late_; }
  /// Of what was asked for, the names of all that were reported, with success or not.
  [[nodiscard]] const std::vector<std::string>& reported() const noexcept { return reported_; }
  /// Those with success.
  [[nodiscard]] const std::vector<std::string>& succeeded() const noexcept { return succeeded_; }

  [[nodiscard]] Answer<void> run(const std::vector<std::string>& names, bool sideBySide);

 private:
  Answer<void> callEach(const std::vector<std::string>& names, bool sideBySide);
  Answer<void> runAll();

  /// For the next call: what is left of the time, at least a moment.
  void limit();
  [[nodiscard]] bool isLate(const Failure& failure);

  [[nodiscard]] Call callFor(const std::string& text) const;
  [[nodiscard]] bool takesAlong() const;
  [[nodiscard]] Call stopCallFor(const std::string& text) const;

  Answer<void> report(const std::string& text, Answer<xmlrpc::Value> answer);
  /// `asked`: what was asked for; others are in the results because they depend on it.
  Answer<void> reportEach(const xmlrpc::Value& results, const ProcessName* asked = nullptr);
  /// `cause`: what was asked for, if that is another program.
  Answer<void> reportOne(const CallReport& result, const std::string& cause = {});

  Session& session_;
  const Verb& verb_;
  std::optional<core::Instant> until_;
  bool late_ = false;
  std::vector<std::string> reported_;
  std::vector<std::string> succeeded_;
};

}  // namespace ctl
