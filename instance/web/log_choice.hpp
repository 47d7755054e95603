// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "instance/http/request.hpp"
#include "instance/process/observer.hpp"

namespace output {
class RotatingFile;
}
namespace process {
class Process;
class Table;
}  // namespace process

namespace web {

/// The log that a request is about.
struct LogChoice {
  bool activity = false;                ///< supervisord's own
  std::string name;                     ///< of the program, as in the request; empty: none
  process::Process* program = nullptr;  ///< nullptr: no program has that name
  process::Channel channel = process::Channel::Stdout;
  output::RotatingFile* log = nullptr;  ///< nullptr: there is no log file

  [[nodiscard]] std::string path() const;
  /// "processname=x&channel=stderr", for addresses.
  [[nodiscard]] std::string query() const;
};

/// Parameters: `processname` and `channel` ("stderr"), or `log=activity`.
[[nodiscard]] LogChoice chooseLog(const process::Table& table, output::RotatingFile* activity,
                                  const http::Request& request);

}  // namespace web
