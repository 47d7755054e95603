// SPDX-License-Identifier: MIT
#pragma once

#include <functional>

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

namespace endpoints {

/// Serves /logtail/NAME[/stdout|/stderr] and /mainlogtail: the last 1024 bytes of a log, and then what is appended. The
/// writer of the log wakes the streams: files are not polled. All followers of a log share one read of it.
/// `activityLog` returns the activity log, or nullptr when it is not a file. All must outlive the connections.
void addLogStreams(http::Router& router, process::Table& table, std::function<output::RotatingFile*()> activityLog);

}  // namespace endpoints
