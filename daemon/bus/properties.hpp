// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>

#include "daemon/bus/errors.hpp"
#include "daemon/instances/manager.hpp"
#include "dbus/sdbus_compat.hpp"
#include "lib/core/result.hpp"

namespace bus {

/// The keys of an entry as a caller gave them, as the texts for the entry's file. An empty text restores the default of
/// the key. Fails for a value of a type that no key has.
[[nodiscard]] core::Result<instances::Properties, CallError> toProperties(
    const std::map<std::string, sdbus::Variant>& properties);

}  // namespace bus
