// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/instances/manager.hpp"
#include "dbus/sdbus_compat.hpp"

/// What a reload reports, as the values and texts that the bus carries.
namespace bus {

/// For each change: the instance, what is done to it, details.
using ChangeList = std::vector<sdbus::Struct<std::string, std::string, std::vector<std::string>>>;
/// For each complaint: file, line, section, key, reason.
using ComplaintList = std::vector<sdbus::Struct<std::string, std::uint32_t, std::string, std::string, std::string>>;

[[nodiscard]] ChangeList toList(const std::vector<instances::Change>& changes);
[[nodiscard]] ComplaintList toList(const std::vector<entries::Complaint>& complaints);

}  // namespace bus
