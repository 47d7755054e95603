// SPDX-License-Identifier: MIT
#include "daemon/instances/change.hpp"

namespace instances {

std::optional<std::string> Change::problem() const {
  using Cause = Failure::Cause;
  for (const auto& failure : failures)
    if (failure.cause == Cause::NotRecorded) return failure.text;  // it comes before the files
  if (!report.errors.empty()) return report.errors.front();
  for (const auto& failure : failures)
    if (failure.cause != Cause::Superseded) return failure.text;
  return std::nullopt;
}

}  // namespace instances
