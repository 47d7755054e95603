// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ctl/supervisorctl/process_info.hpp"
#include "ctl/supervisorctl/resources.hpp"

namespace ctl {

/// A process, and its resources if they were requested and are known.
struct StatusRow {
  ProcessInfo info;
  std::optional<Usage> usage;
};

struct StatusStyle {
  bool colours = false;  ///< colour the whole lines of programs in trouble
  bool resources = false;
  bool health = false;
};

/// The lines of `status`, in Supervisor's columns: name, state, description; with resources and health, more before the
/// last.
[[nodiscard]] std::string statusText(const std::vector<StatusRow>& rows, const StatusStyle& style);
/// The same as a JSON array with one object per process.
[[nodiscard]] std::string statusJson(const std::vector<StatusRow>& rows, const StatusStyle& style);

}  // namespace ctl
