// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

/// Capabilities (capabilities(7)) as sets of bits. With system calls and not with a library: a child sets them between
/// fork and exec, where it may not allocate memory.
namespace core {

/// The number of "net_bind_service", "CAP_NET_BIND_SERVICE" or "Cap_Net_Bind_Service".
[[nodiscard]] std::optional<int> capabilityOf(std::string_view name);

/// Before a change of user: the process can get at most `set` later, even from a program file, and keeps what it has
/// over the change. The first needs CAP_SETPCAP; without it nothing is taken from the bounding set. Returns 0 or an
/// errno. System calls only, as the next.
[[nodiscard]] int prepareCapabilities(std::uint64_t set) noexcept;
/// After it: has `set` and no other capability, and so have the programs that it executes. EPERM: it does not have one
/// of them.
[[nodiscard]] int becomeCapableOf(std::uint64_t set) noexcept;

}  // namespace core
