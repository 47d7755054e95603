// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "ctl/supervisorctl/failure.hpp"
#include "lib/xmlrpc/stream.hpp"

namespace ctl {

class Session;

/// A log of the server to follow.
struct LogSource {
  std::string label;  ///< printed before each line if several logs are followed
  std::string path;   ///< as Supervisor names it: "/logtail/web:web_0/stdout"
};

/// Opens the stream of one log. The error is the line that Supervisor's client prints on standard error.
[[nodiscard]] core::Result<xmlrpc::Stream, std::string> openLog(const Session& session, const std::string& path);

/// Follows logs until Ctrl-C, or until the server has closed all of them. A single log is printed unchanged; several
/// are printed in whole lines with labels. Returns false after Ctrl-C.
bool followLogs(Session& session, const std::vector<LogSource>& sources);

}  // namespace ctl
