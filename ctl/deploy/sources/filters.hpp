// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "ctl/deploy/sources/operators.hpp"

namespace deploy {

/// Whether the filter can work on what is undefined.
[[nodiscard]] bool takesUndefined(std::string_view filter) noexcept;

/// `value|filter(arguments)`. The arguments are defined. An unknown filter is named, with a similar one.
[[nodiscard]] Outcome applyFilter(std::string_view filter, const Operand& value, const std::vector<Operand>& arguments);

}  // namespace deploy
