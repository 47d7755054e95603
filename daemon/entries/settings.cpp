// SPDX-License-Identifier: MIT
#include "daemon/entries/settings.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>

#include "daemon/entries/values.hpp"
#include "lib/core/ini.hpp"
#include "lib/core/text.hpp"

namespace entries {
namespace {

using Reason = std::optional<std::string>;

template <core::Duration ManagerSettings::*Member, int Least = 1>
Reason setSeconds(ManagerSettings& settings, const std::string& value) {
  const auto number = parseNumber(value, Least, 86400);
  if (!number) return number.error();
  settings.*Member = core::seconds(*number);
  return std::nullopt;
}

template <std::string ManagerSettings::*Member>
Reason setProgram(ManagerSettings& settings, const std::string& value) {
  auto path = parsePath(value);
  if (!path) return path.error();
  settings.*Member = std::move(*path);
  return std::nullopt;
}

Reason setStartLimit(ManagerSettings& settings, const std::string& value) {
  const auto number = parseNumber(value, 1, 1000);
  if (!number) return number.error();
  settings.startLimit = static_cast<int>(*number);
  return std::nullopt;
}

Reason setLogLevel(ManagerSettings& settings, const std::string& value) {
  constexpr std::array<std::string_view, 5> levels{"critical", "error", "warn", "info", "debug"};
  const auto word = core::lower(value);
  if (std::find(levels.begin(), levels.end(), word) == levels.end())
    return fmt::format("'{}' is not one of critical, error, warn, info, debug", value);
  settings.logLevel = word;
  return std::nullopt;
}

Reason setUpgradeInstances(ManagerSettings& settings, const std::string& value) {
  const auto yes = parseBoolean(value);
  if (!yes) return yes.error();
  settings.upgradeInstances = *yes;
  return std::nullopt;
}

struct Setting {
  std::string_view key;
  Reason (*set)(ManagerSettings&, const std::string&);
};
constexpr std::array kSettings = {
    Setting{"log_level", setLogLevel},
    Setting{"quick_exit", setSeconds<&ManagerSettings::quickExit>},
    Setting{"ready_timeout", setSeconds<&ManagerSettings::readyTimeout>},
    Setting{"restart_delay", setSeconds<&ManagerSettings::restartDelay, 0>},
    Setting{"restart_delay_max", setSeconds<&ManagerSettings::restartDelayMax>},
    Setting{"start_limit", setStartLimit},
    Setting{"stop_timeout", setSeconds<&ManagerSettings::stopTimeout>},
    Setting{"supervisorctl", setProgram<&ManagerSettings::supervisorctl>},
    Setting{"supervisord", setProgram<&ManagerSettings::supervisord>},
    Setting{"upgrade_instances", setUpgradeInstances},
};

std::string unknownKey(std::string_view key) {
  std::array<std::string_view, kSettings.size()> keys;
  std::transform(kSettings.begin(), kSettings.end(), keys.begin(), [](const auto& s) { return s.key; });
  const auto near = core::nearest(key, keys);
  return near ? fmt::format("unknown key; did you mean '{}'?", *near) : "unknown key";
}

}  // namespace

ManagerSettings readSettings(const core::IniDocument& document, const std::function<void(Complaint)>& complain,
                             const std::function<void(Complaint)>& warn) {
  ManagerSettings settings;
  const auto* section = document.find("supervisor-manager");
  if (!section) return settings;
  for (const auto& entry : section->entries()) {
    Complaint where{*entry.place.file, static_cast<int>(entry.place.line), section->name(), entry.key, {}};
    const auto found =
        std::find_if(kSettings.begin(), kSettings.end(), [&](const auto& s) { return s.key == entry.key; });
    if (found == kSettings.end()) {
      where.reason = unknownKey(entry.key);
      warn(std::move(where));
    } else if (auto reason = found->set(settings, entry.value)) {
      where.reason = std::move(*reason);
      complain(std::move(where));
    }
  }
  return settings;
}

}  // namespace entries
