// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace web {

/// A box with what looks like a mistake in the configuration; empty if there is none. What is too much for a page is
/// counted.
[[nodiscard]] std::string warningsBox(std::span<const std::string_view> warnings);

}  // namespace web
