// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "lib/core/result.hpp"

namespace http {

/// Supervisor's words for a socket that cannot be opened.
[[nodiscard]] core::Err<core::Error> listenError(int errnum);
[[nodiscard]] core::Err<core::Error> listenError(const std::string& reason);

}  // namespace http
