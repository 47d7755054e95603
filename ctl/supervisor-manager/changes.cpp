// SPDX-License-Identifier: MIT
#include "ctl/supervisor-manager/changes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lib/core/terminal_text.hpp"

namespace manager {

std::string toText(const std::vector<ChangeRow>& changes) {
  std::string text;
  for (const auto& one : changes) {
    text += fmt::format("{}: {}\n", core::printable(one.instance), core::printable(one.action));
    for (const auto& detail : one.details) text += fmt::format("    {}\n", core::printable(detail));
  }
  return text;
}

std::string toText(const ComplaintRow& one) {
  return fmt::format("{}{}: [{}]{}{}: {}", one.file, one.line ? fmt::format(":{}", one.line) : "", one.section,
                     one.key.empty() ? "" : " ", one.key, one.reason);
}

bool hasFailed(const std::vector<ChangeRow>& changes) {
  return std::any_of(changes.begin(), changes.end(), [](const auto& change) {
    return std::any_of(change.details.begin(), change.details.end(), [](const std::string& detail) {
      return detail.starts_with("refused: ") || detail.starts_with("failed: ");
    });
  });
}

}  // namespace manager
