// SPDX-License-Identifier: MIT
#include "daemon/bus/report_text.hpp"

#include <utility>

#include "daemon/bus/change_text.hpp"
#include "lib/core/text.hpp"

namespace bus {

ChangeList toList(const std::vector<instances::Change>& changes) {
  ChangeList list;
  for (const auto& change : changes) {
    auto lines = linesOf(change);
    for (auto& line : lines) line = core::toUtf8(line);
    list.emplace_back(core::toUtf8(change.name), toText(change.deed), std::move(lines));
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
