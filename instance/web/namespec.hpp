// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "instance/http/request.hpp"

namespace process {
class Process;
class Table;
}  // namespace process

namespace web {

/// The program that "name" or "group:name" means; nullptr if there is none ("group:*" is none).
[[nodiscard]] process::Process* findProgram(const process::Table& table, std::string_view name);

/// The parameter of the form or else of the query; a form's value wins, as in Supervisor.
[[nodiscard]] std::optional<std::string> parameter(const http::Request& request, std::string_view name);

}  // namespace web
