// SPDX-License-Identifier: MIT
#include "lib/dialect/reloading.hpp"

#include "lib/core/shell_words.hpp"
#include "lib/core/text.hpp"
#include "lib/dialect/possible.hpp"
#include "lib/dialect/section_reader.hpp"
#include "lib/dialect/values.hpp"

namespace config {
namespace {

core::Expected<core::milliseconds> parseReloadLimit(std::string_view text) {
  auto limit = parseDuration(text);
  if (limit && limit->count() == 0) return core::Err{core::Error{"0 is not a time that a command can take"}};
  return limit;
}

}  // namespace

bool isPossible(const Reloading& reloading) noexcept {
  return isPossibleSignal(reloading.signal) && reloading.limit.count() > 0 && isPossible(reloading.limit);
}

void readReloading(SectionReader& in, const core::Names& names, Reloading& reloading) {
  in.take("reload_signal", names, parseSignal, reloading.signal);
  reloading.command = core::trim(in.text("reload_command", names).value_or(""));
  if (in.has("reload_command") && reloading.command.empty()) in.fail("reload_command", "it is empty");
  in.take("reload_timeout", names, parseReloadLimit, reloading.limit);
  if (reloading.signal != 0 && !reloading.command.empty())
    in.conflict("reload_command", {"reload_signal"}, "a program has a reload_signal or a reload_command, not both");
}

}  // namespace config
