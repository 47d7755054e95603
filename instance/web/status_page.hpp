// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace process {
class Table;
}

namespace web {

struct View;

/// The content of the page of all programs: how many are in which state, buttons, and a table grouped by group in the
/// order of `view`, below the `warnings` about the configuration. `token` goes into the form, which proves that
/// its buttons are ours.
[[nodiscard]] std::string statusContent(const process::Table& table, const View& view, const std::string& token,
                                        std::span<const std::string_view> warnings);

/// The question before an action that is dangerous or that comes from another page. `address` is that of the action.
[[nodiscard]] std::string confirmContent(const std::string& question, const std::string& address,
                                         const std::string& token);

}  // namespace web
