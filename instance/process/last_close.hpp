// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "lib/core/unique_fd.hpp"

namespace process {

/// Closes sockets that programs of other accounts have had. The last close of a connection can wait for as long as such
/// a program has set (SO_LINGER), unless a process closes it by its end. So for root another process holds them
/// meanwhile, and ends. Others close them immediately: an account can hold up itself only. Never for files: every close
/// of one can wait, not only the last.
void closeAside(std::vector<core::UniqueFd> sockets) noexcept;

/// core::letGo for sockets that programs of other accounts may have. For root another process does it, since each call
/// can wait for as long as such a program is in the middle of one of its own with the same socket; after a second that
/// process continues alone. Nothing is done if there can be none.
void letGoAside(std::vector<int> sockets) noexcept;

}  // namespace process
