// SPDX-License-Identifier: MIT
#pragma once

struct sd_bus_vtable;

namespace bus {

/// The methods and properties of org.supervisormanager1.Instance, as dbus/org.supervisormanager1.Instance.xml describes
/// them. The userdata of each is the InstanceObjects, whose current() instance it is about.
[[nodiscard]] const sd_bus_vtable* instanceTable() noexcept;

}  // namespace bus
