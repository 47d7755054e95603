// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

namespace process {
class Process;
}

namespace api {

/// Appends the struct of getProcessInfo as a finished value. `now` is the wall clock in seconds.
void appendProcessInfo(std::string& out, const process::Process& program, std::int64_t now);

}  // namespace api
