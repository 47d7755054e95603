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

/// Serves /logtail/NAME[/stdout|/stderr] and /mainlogtail: the last 1024 bytes of a log, and then what is added, as it
/// is added. A stream is woken by whoever writes the log: nobody looks at a file that does not change. All followers of
/// a log share one read of it. `activityLog` gives the activity log, or nullptr when it is no file. All must outlive
/// the connections.
void addLogStreams(http::Router& router, process::Table& table, std::function<output::RotatingFile*()> activityLog);

}  // namespace endpoints
