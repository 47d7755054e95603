// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

/// Names and paths of the bus that clients rely on.
namespace bus {

inline constexpr const char* kServiceName = "org.supervisormanager1";
inline constexpr const char* kManagerPath = "/org/supervisormanager1";
inline constexpr const char* kInstancePrefix = "/org/supervisormanager1/instance";

/// The object path of the instance `name`: each byte but [A-Za-z0-9], and a leading digit, as "_hh".
[[nodiscard]] std::string instancePath(const std::string& name);

}  // namespace bus
