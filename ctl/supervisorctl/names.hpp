// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ctl {

/// A name as users write it: "proc" (its group has the same name), "group:proc", or a whole group ("group:*").
struct ProcessName {
  std::string group;
  std::optional<std::string> process;  ///< nullopt: every process of the group
};

[[nodiscard]] ProcessName splitName(std::string_view text);
/// "proc" where the group has the same name, else "group:proc".
[[nodiscard]] std::string joinName(std::string_view group, std::string_view process);

/// True for a name that contains `*`, `?` or `[`, except "group:*", which the server understands.
[[nodiscard]] bool isPattern(std::string_view text) noexcept;
/// The pattern matches the process's own name or its "group:proc".
[[nodiscard]] bool fitsPattern(const std::string& pattern, const std::string& group, const std::string& process);

}  // namespace ctl
