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

/// One run of the command: its options, the connection it needs, and what went wrong so far. A verb asks for what it
/// needs and returns code() when it did not get it.
class Session {
 public:
  explicit Session(Options options);
  ~Session();

  const Options options;

  /// The connection, made at the first call; nullptr (said on standard error) if there is none.
  [[nodiscard]] Client* client();
  /// All instances; nullptr (said) if the manager does not answer.
  [[nodiscard]] const std::vector<InstanceRow>* instances();
  /// The instances that names and shell patterns stand for, in the order asked for, each once. Names that fit nothing
  /// are said and leave a code. With `all`, no names stand for every instance.
  [[nodiscard]] std::vector<InstanceRow> select(const std::vector<std::string>& patterns, bool all = false);
  /// The one instance of that name; nullopt (said) if there is none.
  [[nodiscard]] std::optional<InstanceRow> find(const std::string& name);

  /// Says the failure, with `what` before it if given, and keeps its code if it is the first.
  ExitCode fail(const Failure& failure, const std::string& what = "");
  ExitCode fail(ExitCode code, const std::string& text);
  /// Says that the caller may not do this, and how root does it.
  ExitCode deny(const std::string& text);
  [[nodiscard]] ExitCode code() const noexcept { return code_; }
  /// With --json, where nothing was printed: the first failure as an object, so that a reader always has JSON. Gives
  /// back `code`, that of the verb.
  ExitCode finish(ExitCode code) const;
  /// A code that is no failure to be said.
  void note(ExitCode code) noexcept;

 private:
  std::unique_ptr<Client> client_;
  std::optional<std::vector<InstanceRow>> instances_;
  ExitCode code_ = Success;
  std::string said_;  ///< the first failure
  pid_t agent_ = -1;
  bool told_ = false;  // how root does it
};

}  // namespace manager
