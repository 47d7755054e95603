// SPDX-License-Identifier: MIT
#pragma once

#include "ctl/deploy/sources/expression.hpp"
#include "ctl/deploy/sources/variables.hpp"
#include "ctl/deploy/yaml/allowance.hpp"
#include "lib/core/result.hpp"

namespace deploy {

/// The value of an expression. What is undefined is a complaint with the name and, if there is one, a similar name.
/// The value may refer to the variables: use it before they change. New lists and texts are taken from `allowance`.
[[nodiscard]] core::Result<Operand, Complaint> evaluate(const Expression& expression, const Variables& variables,
                                                        Allowance& allowance);

}  // namespace deploy
