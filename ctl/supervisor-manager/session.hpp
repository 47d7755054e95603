// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ctl/supervisor-manager/client.hpp"
#include "ctl/supervisor-manager/exit_codes.hpp"
#include "ctl/supervisor-manager/options.hpp"

namespace manager {

[[nodiscard]] std::vector<std::string> namesOf(const std::vector<InstanceRow>& rows);

/// One run of the command: its options, its connection, and the failures so far. Each function that fails prints a
/// message on standard error and keeps an exit code; the verb then returns code().
class Session {
 public:
  explicit Session(Options options);
  ~Session();

  const Options options;

  /// The connection, opened by the first call; nullptr if that fails.
  [[nodiscard]] Client* client();
  /// All instances; nullptr if the manager does not answer.
  [[nodiscard]] const std::vector<InstanceRow>* instances();
  /// The instances that the names and shell patterns select, in the given order, each once. A name that matches nothing
  /// is a failure; the others are returned all the same. With `all`, an empty list selects every instance.
  [[nodiscard]] std::vector<InstanceRow> select(const std::vector<std::string>& patterns, bool all = false);
  /// The instance of that name; nullopt if there is none.
  [[nodiscard]] std::optional<InstanceRow> find(const std::string& name);

  /// Prints the failure, after `what` if given, and keeps its code if it is the first.
  ExitCode fail(const Failure& failure, const std::string& what = "");
  ExitCode fail(ExitCode code, const std::string& text);
  /// Prints that access is denied, and once per run the command for root.
  ExitCode deny(const std::string& text);
  [[nodiscard]] ExitCode code() const noexcept { return code_; }
  /// With --json, if nothing was printed: prints the first failure as an object, so that a reader always gets JSON.
  /// Returns `code`, that of the verb.
  ExitCode finish(ExitCode code) const;
  /// Keeps a code, if it is the first, without a message.
  void note(ExitCode code) noexcept;

 private:
  std::unique_ptr<Client> client_;
  std::optional<std::vector<InstanceRow>> instances_;
  ExitCode code_ = Success;
  std::string firstFailure_;
  pid_t agent_ = -1;
  bool rootHintShown_ = false;
};

}  // namespace manager
