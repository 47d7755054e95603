// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string_view>

namespace web {

/// A file that is part of the program.
struct Asset {
  std::string_view name;  ///< without its folder
  std::string_view type;
  std::string_view tag;  ///< quoted, changes with the content
  std::string_view content;
};
[[nodiscard]] std::span<const Asset> assets() noexcept;

}  // namespace web
