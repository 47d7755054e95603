// SPDX-License-Identifier: MIT
#include "daemon/bus/change_text.hpp"

#include <fmt/core.h>

#include <array>

namespace bus {
namespace {

using instances::Failure;

std::string valueText(const std::optional<std::string>& value, bool secret) {
  if (!value) return "(default)";
  return secret ? "(hidden)" : *value;
}

std::string lineOf(const Failure& failure) {
  switch (failure.cause) {
    case Failure::Cause::RefusedByCheck: return "refused: " + failure.text;
    case Failure::Cause::Superseded: return "skipped: a later change replaced it";
    case Failure::Cause::NotRecorded:
    case Failure::Cause::NotStarted:
    case Failure::Cause::NotUpdated: break;
  }
  return "failed: " + failure.text;
}

}  // namespace

const char* toText(instances::Deed deed) noexcept {
  constexpr std::array texts{"nothing", "add", "remove", "change", "start", "stop", "restart"};
  static_assert(texts.size() == static_cast<std::size_t>(instances::Deed::Restart) + 1);
  return texts[static_cast<std::size_t>(deed)];
}

std::vector<std::string> linesOf(const instances::Change& change) {
  std::vector<std::string> out;
  for (const auto& one : change.keys)
    out.push_back(
        fmt::format("{}: {} -> {}", one.key, valueText(one.before, one.secret), valueText(one.after, one.secret)));
  for (const auto& failure : change.failures)
    if (failure.cause == Failure::Cause::NotRecorded) out.push_back(lineOf(failure));
  for (const auto& one : change.report.changes) out.push_back(one.what + ' ' + one.path);
  for (const auto& error : change.report.errors) out.push_back("refused: " + error);
  for (const auto& failure : change.failures)
    if (failure.cause != Failure::Cause::NotRecorded) out.push_back(lineOf(failure));
  return out;
}

}  // namespace bus
