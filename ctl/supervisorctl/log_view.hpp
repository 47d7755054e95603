// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "ctl/supervisorctl/failure.hpp"
#include "lib/xmlrpc/stream.hpp"

namespace ctl {

class Session;

/// A log of the server that grows.
struct LogSource {
  std::string label;  ///< shown before each line where several are followed
  std::string path;   ///< as Supervisor names it: "/logtail/web:web_0/stdout"
};

/// Opens the stream of one log. What failed is said on standard error, as Supervisor does, and nothing comes back.
[[nodiscard]] core::Result<xmlrpc::Stream, std::string> openLog(const Session& session, const std::string& path);

/// Follows logs until Ctrl-C, or until the server ends the last of them. One alone is passed on byte for byte; of
/// several, each line comes whole and with its label. False: Ctrl-C.
bool followLogs(Session& session, const std::vector<LogSource>& sources);

}  // namespace ctl
