// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"

namespace state {

/// The largest document, in bytes.
inline constexpr std::size_t kLargestDocument = 64 * 1024 * 1024;

/// A memfd with this content, which nobody can change any more.
[[nodiscard]] core::Expected<core::UniqueFd> writeSealed(std::string_view document);
/// The content of such a memfd. Refuses every other kind of file without reading it. The position of the descriptor is
/// neither used nor moved.
[[nodiscard]] core::Expected<std::string> readSealed(int fd);

}  // namespace state
