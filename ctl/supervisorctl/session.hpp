// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/supervisorctl/failure.hpp"
#include "ctl/supervisorctl/keyboard.hpp"
#include "ctl/supervisorctl/output.hpp"
#include "ctl/supervisorctl/process_info.hpp"
#include "ctl/supervisorctl/settings.hpp"
#include "lib/xmlrpc/endpoint.hpp"
#include "lib/xmlrpc/value.hpp"

namespace xmlrpc {
class Client;
}

namespace ctl {

/// Supervisor's exit statuses, which follow LSB's rules for init scripts.
enum ExitStatus : int {
  Success = 0,
  Generic = 1,
  InvalidArguments = 2,
  Unimplemented = 3,
  SomethingStopped = 3,  ///< of `status`
  Refused = 4,
  Unknown = 4,  ///< of `status`
  NotInstalled = 5,
  NotRunning = 7,
  Interrupted = 130,  ///< Ctrl-C at a question: the status that a shell has for SIGINT
};

/// The state that all commands share: the settings, the server, the output and the exit status so far.
class Session {
 public:
  explicit Session(SessionSettings settings);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Calls the server. Flushes the output first, because the answer can take long.
  [[nodiscard]] Answer<xmlrpc::Value> call(std::string_view method, const xmlrpc::Array& params = {});
  [[nodiscard]] Answer<std::vector<ProcessInfo>> allProcesses();
  /// The address of the server, or why its URL is invalid.
  [[nodiscard]] Answer<xmlrpc::Endpoint> endpoint() const;
  [[nodiscard]] xmlrpc::Credentials credentials() const;
  /// Checks the version of the server's interface, as Supervisor's client does before most commands. False, after a
  /// message: the server is not usable.
  [[nodiscard]] Answer<bool> isUp();

  /// Changes the server or the credentials for all further calls.
  void connectTo(std::string serverUrl);
  void logIn(std::string username, std::string password);
  /// Milliseconds that a call may take; 0: no limit.
  void limitCalls(int milliseconds) noexcept;
  [[nodiscard]] int callLimit() const noexcept { return callTimeout_; }

  /// Prints an error: on standard output as Supervisor does, or on standard error while standard output has JSON.
  void problem(std::string_view text);
  /// Prints an error and sets the exit status.
  void refuse(std::string_view text, int status = ExitStatus::Generic);

  SessionSettings settings;
  Output out;
  Keyboard keyboard;
  int exitStatus = ExitStatus::Success;
  bool machineOutput = false;   ///< standard output has JSON
  bool knowsDependents = true;  ///< the server has stopProcesses, as far as is known: Supervisor does not

 private:
  [[nodiscard]] Answer<void> mayConnect() const;

  std::unique_ptr<xmlrpc::Client> client_;
  int callTimeout_ = 0;
};

}  // namespace ctl
