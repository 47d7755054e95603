// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "lib/core/result.hpp"

namespace core {

class Names;

struct FormatError {
  std::string text;  ///< the unknown name, or Python's reason
  bool unknownName = false;
};

/// Python's `text % mapping`. The engine of expand(); use that.
[[nodiscard]] Result<std::string, FormatError> percentFormat(std::string_view text, const Names& names);

}  // namespace core
