// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "dbus/names.hpp"

namespace bus {

/// The object path of the instance `name`: each byte but [A-Za-z0-9], and a leading digit, as "_hh".
[[nodiscard]] std::string instancePath(const std::string& name);

}  // namespace bus
