// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ctl/supervisorctl/process_info.hpp"
#include "ctl/supervisorctl/resources.hpp"

namespace ctl {

/// A process, and what it uses if that was asked for and is known.
struct StatusRow {
  ProcessInfo info;
  std::optional<Usage> usage;
};

struct StatusStyle {
  bool colours = false;  ///< the lines of programs in trouble, each as a whole
  bool resources = false;
};

/// The lines of `status`, in Supervisor's columns: name, state, description; with resources two more before the last.
[[nodiscard]] std::string statusText(const std::vector<StatusRow>& rows, const StatusStyle& style);
/// The same as one JSON array, an object each.
[[nodiscard]] std::string statusJson(const std::vector<StatusRow>& rows, bool resources);

}  // namespace ctl
