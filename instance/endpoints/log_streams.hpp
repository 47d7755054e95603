// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "instance/http/source.hpp"

namespace core {
class EventLoop;
}
namespace http {
class Router;
}
namespace output {
class RotatingFile;
}
namespace process {
class Table;
}
namespace state {
struct Connection;
class Incoming;
}  // namespace state

namespace endpoints {

/// Serves /logtail/NAME[/stdout|/stderr] and /mainlogtail: the last 1024 bytes of a log, and then what is appended. The
/// writer of the log wakes the streams: files are not polled. All followers of a log share one read of it.
/// `activityLog` returns the activity log, or nullptr when it is not a file. All must outlive the connections.
void addLogStreams(http::Router& router, process::Table& table, std::function<output::RotatingFile*()> activityLog);

/// Sources by the socket of their connection (state::Connection::socket).
using ResumedStreams = std::map<std::string, std::unique_ptr<http::Source>>;
/// The streams that clients of a predecessor followed, each from its next byte on. One whose log is gone is left out.
[[nodiscard]] ResumedStreams resumeLogStreams(const std::vector<state::Connection>& connections,
                                              state::Incoming& descriptors, const process::Table& table,
                                              output::RotatingFile* activityLog);

}  // namespace endpoints
