// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "ctl/supervisorctl/failure.hpp"

namespace ctl {

class Session;

/// Stops and starts one process ("proc" or "group:proc") and prints the results. Returns false if it did not stop or
/// did not start.
[[nodiscard]] Answer<bool> restartOne(Session& session, const std::string& name);

}  // namespace ctl
