// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace http {

/// Which gate must end a connection before gate `newcomer` may take one more, if any. `taken` are the connections of
/// each gate, `capacity` is how many there may be in all.
///
/// Half of the capacity is kept in equal parts, one for each gate: the others never use it up, so that a crowd at a
/// port leaves the Unix socket its places. The other half is for whoever comes first.
[[nodiscard]] std::optional<std::size_t> whoYields(std::span<const std::size_t> taken, std::size_t capacity,
                                                   std::size_t newcomer);

}  // namespace http
