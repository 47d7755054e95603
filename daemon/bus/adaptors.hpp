// SPDX-License-Identifier: MIT
#pragma once

// The generated classes, in a file of their own: they do not compile with this project's warnings as errors.
#pragma GCC system_header

#include "dbus/sdbus_compat.hpp"
// After the library they need:
#include "daemon/bus/instance_adaptor.hpp"
#include "daemon/bus/manager_adaptor.hpp"
