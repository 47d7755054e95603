// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace http {

/// Which gate must close a connection before gate `newcomer` can accept one more, if any. `taken` are the connections
/// of each gate, `capacity` is how many there may be in all.
///
/// Half of the capacity is kept in equal parts, one for each gate: the others cannot use it up, so that a crowd at a
/// TCP port does not lock out the Unix socket. The other half is for whoever comes first.
[[nodiscard]] std::optional<std::size_t> whoYields(std::span<const std::size_t> taken, std::size_t capacity,
                                                   std::size_t newcomer);

}  // namespace http
