// SPDX-License-Identifier: MIT
#include "lib/core/fnv.hpp"

#include <fmt/core.h>

namespace core {

std::string Fnv1a::text() const { return fmt::format("{:016x}", value_); }

}  // namespace core
