// SPDX-License-Identifier: MIT
#include "daemon/bus/report_text.hpp"

#include "lib/core/text.hpp"

namespace bus {

ChangeList toList(const std::vector<instances::PlannedChange>& changes) {
  ChangeList list;
  for (const auto& change : changes) {
    std::vector<std::string> details;
    for (const auto& detail : change.details) details.push_back(core::toUtf8(detail));
    list.emplace_back(core::toUtf8(change.instance), change.action, std::move(details));
  }
  return list;
}

ComplaintList toList(const std::vector<entries::Complaint>& complaints) {
  ComplaintList list;
  for (const auto& one : complaints)
    list.emplace_back(core::toUtf8(one.file), static_cast<std::uint32_t>(one.line), core::toUtf8(one.section),
                      core::toUtf8(one.key), core::toUtf8(one.reason));
  return list;
}

}  // namespace bus
