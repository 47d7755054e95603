// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "lib/xmlrpc/value.hpp"

namespace ctl {

/// The value as JSON: structs are objects in the same order, nil is null.
[[nodiscard]] std::string jsonOf(const xmlrpc::Value& value);

}  // namespace ctl
