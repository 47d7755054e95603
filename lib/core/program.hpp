// SPDX-License-Identifier: MIT
#pragma once

#include <functional>

namespace core {

/// The firewall around a program: runs `body`, and turns an exception that nobody expected into one line on standard
/// error ("NAME: ...") and exit status 1. main() is nothing but a call of this.
int runProgram(const char* name, const std::function<int()>& body) noexcept;

}  // namespace core
