// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "ctl/supervisor-manager/client.hpp"
#include "ctl/supervisor-manager/exit_codes.hpp"

namespace manager {

/// A failure as the user gets it: what is wrong and what to do, and the exit code that goes with it.
struct Advice {
  ExitCode code = ExitCode::Failed;
  std::string text;
};

/// `host` names the other machine whose manager was asked; empty: this one.
[[nodiscard]] Advice adviseOn(const Failure& failure, const std::string& host);
/// The advice about an instance that does not exist, with the nearest name that does.
[[nodiscard]] Advice noSuchInstance(const std::string& name, const std::vector<std::string>& known);

}  // namespace manager
