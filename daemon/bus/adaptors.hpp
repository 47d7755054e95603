// SPDX-License-Identifier: MIT
#pragma once

// The generated class, in a file of its own: it does not compile with this project's warnings as errors.
#pragma GCC system_header

#include "dbus/sdbus_compat.hpp"
// After the library it needs:
#include "daemon/bus/manager_adaptor.hpp"
