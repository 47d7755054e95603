// SPDX-License-Identifier: MIT
#include "daemon/bus/properties.hpp"

#include <fmt/format.h>
#include <systemd/sd-bus-protocol.h>

#include <optional>

namespace bus {

namespace {

std::optional<std::string> toText(const sdbus::Variant& value) {
  if (value.containsValueOfType<std::string>()) return value.get<std::string>();
  if (value.containsValueOfType<bool>()) return value.get<bool>() ? "yes" : "no";
  if (value.containsValueOfType<std::int32_t>()) return fmt::to_string(value.get<std::int32_t>());
  if (value.containsValueOfType<std::uint32_t>()) return fmt::to_string(value.get<std::uint32_t>());
  if (value.containsValueOfType<std::int64_t>()) return fmt::to_string(value.get<std::int64_t>());
  if (value.containsValueOfType<std::uint64_t>()) return fmt::to_string(value.get<std::uint64_t>());
  return std::nullopt;
}

}  // namespace

core::Result<instances::Properties, CallError> toProperties(const std::map<std::string, sdbus::Variant>& properties) {
  instances::Properties converted;
  for (const auto& [key, value] : properties) {
    auto text = toText(value);
    if (!text)
      return core::Err{CallError{"org.freedesktop.DBus.Error.InvalidArgs",
                                 fmt::format("Property '{}': values of type '{}' are not supported; use a string, a "
                                             "number or a boolean",
                                             key, value.peekValueType())}};
    if (text->empty()) text = std::nullopt;
    converted.emplace_back(key, std::move(text));
  }
  return converted;
}

}  // namespace bus
