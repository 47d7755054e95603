// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

namespace core {

/// Opens /dev/null as each standard descriptor that is closed: a file or socket of the program would get its number,
/// and with it what others mean for standard output. Before anything is opened.
void openStandardDescriptors() noexcept;

/// The firewall around a program: runs `body`, and turns an exception that nobody expected into one line on standard
/// error ("NAME: ...") and exit status 1. main() only calls this.
int runProgram(const char* name, const std::function<int()>& body) noexcept;

/// The absolute path of the program that runs; empty if the kernel does not provide it.
[[nodiscard]] std::string ownExecutable();
/// Where another program of the same installation is: beside our own, or in the bin or sbin beside our folder. Empty if
/// it is in none of them.
[[nodiscard]] std::string installedBeside(const std::string& name);

}  // namespace core
