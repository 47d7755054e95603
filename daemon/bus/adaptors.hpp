// SPDX-License-Identifier: MIT
#pragma once

// The generated classes, kept apart since they are not held to this project's warnings.
#pragma GCC system_header

#include "dbus/sdbus_compat.hpp"
// After the library they need:
#include "daemon/bus/instance_adaptor.hpp"
#include "daemon/bus/manager_adaptor.hpp"
