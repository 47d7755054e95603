// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace core {

/// For execve(): pointers into `texts`, which must outlive them, and a nullptr. To be made before the fork.
[[nodiscard]] std::vector<char*> argumentPointers(const std::vector<std::string>& texts);

/// In a child between fork and exec: every signal does what it does by default. System calls only.
void resetSignals() noexcept;

}  // namespace core
