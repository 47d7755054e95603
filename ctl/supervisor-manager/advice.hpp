// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "ctl/supervisor-manager/client.hpp"
#include "ctl/supervisor-manager/exit_codes.hpp"

namespace manager {

/// A failure as the user sees it: the cause, the next step, and the exit code.
struct Advice {
  ExitCode code = ExitCode::Failed;
  std::string text;
};

/// `host` is the machine whose manager was called; empty: this one.
[[nodiscard]] Advice adviseOn(const Failure& failure, const std::string& host);
/// The advice on a name that no instance has: the most similar name of `known`, or a way to find the right one.
[[nodiscard]] Advice noSuchInstance(const std::string& name, const std::vector<std::string>& known);

}  // namespace manager
