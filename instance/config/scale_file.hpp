// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "instance/config/command_line.hpp"
#include "lib/core/result.hpp"

/// The included file with the numbers of processes that `supervisorctl scale --save` keeps.
namespace config {

/// The path of the file: in the first directory of [include] whose pattern takes a name of ours and that exists. Fails
/// if there is none.
[[nodiscard]] core::Expected<std::string> scaleFile(const CommandLine& line);

/// The text of the file with this number for the program. All other lines stay as they are.
[[nodiscard]] std::string withScale(std::string_view text, const std::string& program, int count);

}  // namespace config
