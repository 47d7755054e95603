// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "instance/http/request.hpp"
#include "instance/web/log_choice.hpp"

namespace web {

struct LogPage {
  std::string title;
  std::string content;
};

/// tail.html and activity.html: lines of a log, which the script updates. Parameters: those of chooseLog(); `limit`
/// in bytes; `before` and `after`, places, for other lines than the last; `search`, a text, for the lines that contain
/// it. `token` goes into the form with the program's buttons.
[[nodiscard]] LogPage logPage(const LogChoice& choice, const http::Request& request, const std::string& token);

/// The same lines as JSON, for the script.
[[nodiscard]] std::string logJson(const LogChoice& choice, const http::Request& request);

}  // namespace web
