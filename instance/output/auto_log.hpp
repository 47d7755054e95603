// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "lib/core/result.hpp"

namespace output {

/// Creates the file of an AUTO log, mode 0600: DIR/PROGRAM-CHANNEL---IDENTIFIER-xxxxxxxx.log. Returns its path.
[[nodiscard]] core::Expected<std::string> createAutoLog(const std::string& directory, std::string_view program,
                                                        std::string_view channel, std::string_view identifier);

/// Whether a file of that name was left behind by a supervisord with that identifier (also a rotated one).
[[nodiscard]] bool isAutoLog(std::string_view name, std::string_view identifier) noexcept;

/// Removes what an earlier supervisord with that identifier left in `directory`; failures are warned about.
void removeAutoLogs(const std::string& directory, std::string_view identifier);

}  // namespace output
