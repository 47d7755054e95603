// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ctl {

/// `words` in as few rows as fit into `width`, column by column, two blanks between columns; each row ends with '\n'.
[[nodiscard]] std::string inColumns(const std::vector<std::string_view>& words, std::size_t width);

}  // namespace ctl
