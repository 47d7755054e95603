// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ctl/supervisorctl/failure.hpp"
#include "lib/xmlrpc/value.hpp"

namespace ctl {

class Session;

struct Call {
  std::string method;
  xmlrpc::Array params;
};

/// Makes all calls side by side, over connections of their own, and hands each answer to `report` in the order of
/// `calls`, as soon as it and those before it are there. Ends with the first failure that `report` hands back.
[[nodiscard]] Answer<void> callSideBySide(
    Session& session, const std::vector<Call>& calls,
    const std::function<Answer<void>(std::size_t index, Answer<xmlrpc::Value> answer)>& report);

}  // namespace ctl
