// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/instances/program_control.hpp"
#include "lib/xmlrpc/client.hpp"

namespace instances {

/// Where an instance listens, and with which user and password: its own place, or what [supervisorctl] of its
/// configuration has.
struct ControlAddress {
  std::string url;
  xmlrpc::Credentials credentials;
};
/// Reads `confFile` with the ids of this process; without a readable [supervisorctl] section it is `socket`. The
/// section may use %(here)s and the variables of `environment` ("KEY=value").
[[nodiscard]] ControlAddress controlAddress(const std::string& confFile, const std::string& socket,
                                            const std::vector<std::string>& environment);

/// Makes the requests of program_control.hpp to one instance. It blocks: for a helper with the owner's ids.
class ProgramClient {
 public:
  explicit ProgramClient(const ControlAddress& address);

  /// `name` is a program, "GROUP:PROGRAM", "GROUP:*" or "all".
  ProgramAnswer control(const std::string& name, ProgramVerb verb);
  ProgramAnswer update();
  ProgramAnswer upgrade();
  /// The last `bytes` of standard error or, where there are none, of standard output.
  ProgramAnswer tail(const std::string& name, int bytes);

 private:
  [[nodiscard]] ProgramAnswer act(std::string_view verb, const std::string& name);
  [[nodiscard]] ProgramAnswer judge(const std::string& name, int code, const std::string& text) const;
  [[nodiscard]] ProgramAnswer judgeAll(const xmlrpc::Value& results) const;
  [[nodiscard]] ProgramAnswer failed(const xmlrpc::ClientError& error) const;
  [[nodiscard]] ProgramAnswer callGroup(std::string_view method, const std::string& group);
  [[nodiscard]] ProgramAnswer removeGroup(const std::string& group);
  [[nodiscard]] ProgramAnswer changeGroup(const std::string& group);

  std::string url_;
  std::string obstacle_;  // the address is of no use
  xmlrpc::Client client_;
};

}  // namespace instances
