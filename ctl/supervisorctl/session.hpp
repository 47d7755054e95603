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

/// Exit statuses after the LSB's rules for init scripts, as Supervisor uses them.
enum ExitStatus : int {
  kSuccess = 0,
  kGeneric = 1,
  kInvalidArguments = 2,
  kUnimplemented = 3,
  kSomethingStopped = 3,  ///< of `status`
  kRefused = 4,
  kUnknown = 4,  ///< of `status`
  kNotInstalled = 5,
  kNotRunning = 7,
  kInterrupted = 130,  ///< Ctrl-C instead of an answer, as a shell reports it
};

/// What every command works with: the settings, the server, the output and the exit status so far.
class Session {
 public:
  explicit Session(SessionSettings settings);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Calls the server; prints what is pending first, since the answer may take long.
  [[nodiscard]] Answer<xmlrpc::Value> call(std::string_view method, const xmlrpc::Array& params = {});
  [[nodiscard]] Answer<std::vector<ProcessInfo>> allProcesses();
  /// Where the server is, or why its URL is of no use.
  [[nodiscard]] Answer<xmlrpc::Endpoint> endpoint() const;
  [[nodiscard]] xmlrpc::Credentials credentials() const;
  /// Asks for the version of the server's interface. False: it was not the right one, which has been said.
  [[nodiscard]] Answer<bool> isUp();

  /// Another server, or other credentials, from the next call on.
  void connectTo(std::string serverUrl);
  void logIn(std::string username, std::string password);
  /// Milliseconds that a call may take; 0 is no limit.
  void limitCalls(int milliseconds) noexcept { callTimeout_ = milliseconds; }

  /// Prints a line about something that went wrong: on standard output as Supervisor does, or on standard error
  /// while standard output is for a machine.
  void problem(std::string_view text);
  /// Says `text`, and that the command failed with `status`.
  void refuse(std::string_view text, int status = kGeneric);

  SessionSettings settings;
  Output out;
  Keyboard keyboard;
  int exitStatus = kSuccess;
  bool machineOutput = false;  ///< standard output carries JSON

 private:
  [[nodiscard]] Answer<void> mayConnect() const;

  std::unique_ptr<xmlrpc::Client> client_;
  int callTimeout_ = 0;
};

}  // namespace ctl
