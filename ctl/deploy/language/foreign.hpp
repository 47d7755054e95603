// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace deploy {

/// Why a section of HADeploy is not supported, as a plug-in or in words, or empty for a section that is not known.
struct ForeignSection {
  std::string_view plugin;
  std::string_view instead;  ///< what to use, or empty
};
[[nodiscard]] ForeignSection foreignSection(std::string_view name) noexcept;

/// Whether it is the name of a plug-in of HADeploy that is not supported.
[[nodiscard]] bool isForeignPlugin(std::string_view name) noexcept;

}  // namespace deploy
