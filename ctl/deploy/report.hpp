// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ctl/deploy/yaml/problems.hpp"

namespace deploy {

/// Exit statuses of our own; those of ansible-playbook are passed on (2: a task failed, 4: a host cannot be reached).
enum ExitStatus : int { Done = 0, Failed = 1, Misused = 2, NotAllRun = 3, Unreachable = 4 };

/// The problems in the order of their files and lines.
[[nodiscard]] std::vector<Problem> sorted(const Problems& problems);

/// Prints them on standard error. With `json`, errors also as a document on standard output.
void report(const Problems& problems, bool json);

/// Prints a complete message on standard error, after the program's name; with `json` also as a document on standard
/// output. Returns `status`.
int fail(int status, std::string_view message, bool json);

/// Prints a remark on standard error, after the program's name.
void remark(std::string_view message);

void print(std::string_view text);

}  // namespace deploy
