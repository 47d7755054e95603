// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace process {
class Table;
}

namespace web {

/// The content of the page of all programs: buttons, and a table grouped by group, rows by (group, program). `token` goes
/// into the form, so that its buttons are known as ours.
[[nodiscard]] std::string statusContent(const process::Table& table, const std::string& token);

/// The question before an action that another page asked for.
[[nodiscard]] std::string confirmContent(const std::string& question, const std::string& address,
                                         const std::string& token);

}  // namespace web
