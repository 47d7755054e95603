// SPDX-License-Identifier: MIT
#pragma once

#include "ctl/deploy/sources/expression.hpp"
#include "ctl/deploy/sources/variables.hpp"
#include "ctl/deploy/yaml/allowance.hpp"
#include "ctl/deploy/yaml/node.hpp"
#include "lib/core/result.hpp"

namespace deploy {

/// A scalar with its expressions replaced: ${x} and <<x>>, %{if}, %{elif}, %{else}, %{endif}, %{raw} to %{endraw},
/// #{comments}. {{ }} is Ansible's and stays, and so does a << or >> that has no counterpart. A text that is exactly
/// one expression of a list or map becomes that list or map. An inserted value is not expanded again.
[[nodiscard]] core::Result<Node, Complaint> expandScalar(const Node& scalar, const Variables& variables,
                                                         Allowance& allowance);

/// Where the byte `offset` of a scalar's text is in its file; the start of the scalar if that is not known.
[[nodiscard]] Mark placeIn(const Node& scalar, std::size_t offset);

}  // namespace deploy
