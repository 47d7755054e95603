// SPDX-License-Identifier: MIT
#pragma once

namespace layout {

[[nodiscard]] bool isEmptyDirectory(int fd) noexcept;

/// Removes everything in the directory, deep but without recursion on the stack beyond a fixed depth, never through a
/// link or into what is mounted there. Returns 0 or the errno of the first thing that stayed.
[[nodiscard]] int emptyDirectory(int fd) noexcept;

}  // namespace layout
