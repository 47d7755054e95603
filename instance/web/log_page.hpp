// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "instance/http/request.hpp"

namespace process {
class Table;
}

namespace web {

struct LogPage {
  std::string title;
  std::string content;
};

/// tail.html: the end of a program's log, made live by the script. Parameters: processname, channel, limit.
[[nodiscard]] LogPage tailPage(const process::Table& table, const http::Request& request);
/// activity.html: the end of the activity log in `path`, which may be empty (no file).
[[nodiscard]] LogPage activityPage(const std::string& path);

}  // namespace web
