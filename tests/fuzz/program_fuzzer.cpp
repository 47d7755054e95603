// SPDX-License-Identifier: MIT
// Any values of the keys that Supervisor does not have, with the sections that they use: the program is refused with a
// reason, or what was read goes through the text of a state and back, and its times keep the rules of a clock.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "instance/config/load.hpp"
#include "instance/state/check.hpp"
#include "instance/state/text.hpp"
#include "lib/core/ini.hpp"
#include "lib/dialect/extension_keys.hpp"
#include "lib/lifecycle/calendar.hpp"
#include "lib/lifecycle/run_window.hpp"

namespace {

using Keys = std::vector<std::pair<std::string, std::string>>;

/// Keys of Supervisor that others are read with. Not numprocs: many processes only take time.
constexpr auto kBeside = std::to_array<std::string_view>(
    {"autostart", "stopsignal", "stopwaitsecs", "socket", "socket_backlog", "socket_owner", "socket_mode"});

void require(bool condition) {
  if (!condition) std::abort();
}

bool counts(const std::string& key) {
  return std::find(kBeside.begin(), kBeside.end(), key) != kBeside.end() ||
         std::any_of(config::kExtensionKeys.begin(), config::kExtensionKeys.end(),
                     [&](const auto& known) { return known.name == key; });
}

Keys keysOf(const core::IniDocument& document, const core::IniSection& section) {
  Keys out;
  for (const auto* entry : document.entriesOf(section))
    if (counts(entry->key)) out.emplace_back(entry->key, entry->value);
  return out;
}

/// Clocks that are set forward and back by an hour, twice a year.
std::int64_t offsetOf(std::int64_t when) {
  constexpr std::int64_t kHalfYear = 15'768'000;
  return (when / kHalfYear) % 2 == 0 ? 3600 : 7200;
}

/// Moments at and beside changes of the clock, and others.
constexpr auto kMoments = std::to_array<std::int64_t>(
    {0, 1'000'000'007, 1'576'796'399, 1'576'800'000, 1'592'564'401, 1'592'568'000, 1'766'012'345});

/// The next time is after the moment, and none is between.
void checkCalendar(const lifecycle::Calendar& calendar) {
  for (const auto now : kMoments) {
    const auto next = lifecycle::nextTime(calendar, now, offsetOf);
    require(next && *next > now);
    if (*next > now + 1) require(lifecycle::nextTime(calendar, *next - 1, offsetOf) == next);
  }
}

/// Until a window is to be looked at again it stays as it is.
void checkWindow(const lifecycle::RunWindow& window) {
  for (const auto now : kMoments) {
    const auto state = lifecycle::windowAt(window, now, offsetOf);
    require(state.change > now && (state.opening == 0 || state.opening > now));
    require(state.open || state.change == state.opening);
    require(lifecycle::windowAt(window, state.change - 1, offsetOf).open == state.open);
    if (state.opening != 0) require(lifecycle::windowAt(window, state.opening, offsetOf).open);
  }
}

void checkState(const config::Configuration& base, const std::shared_ptr<const config::ProcessConfig>& program) {
  auto group = std::make_shared<config::GroupConfig>();
  group->name = "g";
  group->processes.push_back(program);
  state::State before;
  before.groups.push_back(group);
  before.configuration.defaults = base.defaults;
  require(state::check(before).has_value());
  const auto after = state::decode(state::encode(before));
  require(after && after->groups.size() == 1 && after->configuration.defaults == base.defaults);
  require(*after->groups[0]->processes.at(0) == *program);
}

}  // namespace

/// The input is what follows the name of the program's section. It can have [socket:x] and [program-defaults], too.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto document = core::IniDocument::parse("[program:x]\ncommand=/bin/cat\n" + std::string(text), "fuzz");
  if (!document) return 0;
  config::Configuration base;
  for (const auto& section : document->sections())
    if (section.name().starts_with("socket:") || section.name() == "program-defaults")
      base.defaults.push_back({section.name(), keysOf(*document, section)});
  auto keys = keysOf(*document, *document->find("program:x"));
  keys.emplace_back("command", "/bin/cat");
  const auto programs = config::parsePrograms(base, "x", "g", keys, config::GroupConfig::Kind::Programs);
  if (!programs) {
    require(!programs.error().text.empty());
    return 0;
  }
  const auto& extension = *programs->at(0)->extension;
  if (extension.scheduling.timetable.calendar.given()) checkCalendar(extension.scheduling.timetable.calendar);
  if (!extension.lifetime.window.empty()) checkWindow(extension.lifetime.window);
  checkState(base, programs->at(0));
  return 0;
}
