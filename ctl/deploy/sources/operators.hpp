// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ctl/deploy/sources/expression.hpp"
#include "ctl/deploy/sources/operand.hpp"
#include "lib/core/result.hpp"

namespace deploy {

/// The longest text that an expression may make, in bytes.
inline constexpr std::size_t kLongestText = std::size_t{1} << 20;
inline constexpr const char* kTextTooLong = "the text would have more than 1 MiB";

/// The offset of these complaints is 0: the caller knows the place.
using Outcome = core::Result<Operand, Complaint>;
[[nodiscard]] inline core::Err<Complaint> complain(std::string reason, std::string suggestion = {}) {
  return core::Err<Complaint>{{0, std::move(reason), std::move(suggestion)}};
}

/// `left symbol right`, as Jinja2 has it: + - * / // % ~ == != < <= > >= in, "not in". Both are defined.
[[nodiscard]] Outcome operate(std::string_view symbol, const Operand& left, const Operand& right);

/// `-value`.
[[nodiscard]] Outcome negate(const Operand& value);

/// A list of these values.
[[nodiscard]] Operand listOf(const std::vector<Operand>& values);

}  // namespace deploy
