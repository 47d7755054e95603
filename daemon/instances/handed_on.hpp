// SPDX-License-Identifier: MIT
#pragma once

#include <sys/resource.h>

#include <optional>
#include <set>
#include <string>

#include "daemon/instances/descriptor_store.hpp"
#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"

/// What goes from one program of the manager to the next one: descriptors that it keeps for the instances. After an
/// exec they are still open, and a memfd lists them; after a crash they come from systemd.
namespace instances {

struct HandedOn {
  std::optional<rlimit> fileLimit;  ///< of the children: that of the manager before it raised its own
  std::set<std::string> atService;  ///< names in systemd's store
};

/// Before an exec: lets the descriptors of `stores` stay open, and puts a list of them and of `what` into the
/// environment. The result must be open until the exec. When the exec fails, takeBack() undoes it.
[[nodiscard]] core::Expected<core::UniqueFd> handOn(const DescriptorStores& stores, const HandedOn& what);
void takeBack(const DescriptorStores& stores);

/// At the start: puts what came from an earlier program into `stores`, takes it out of the environment, and logs what
/// is wrong with it.
[[nodiscard]] HandedOn takeHandedOn(DescriptorStores& stores);

/// Raises the limit of open files of this process so that `stores` can be as full as they may be, or adapts their limit
/// to what is possible. `before` is that of the children, if an earlier program of the manager has raised its own.
/// Returns the limit that children are to have.
[[nodiscard]] rlimit makeRoom(DescriptorStores& stores, const std::optional<rlimit>& before);

}  // namespace instances
