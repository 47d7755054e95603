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

/// Makes all calls in parallel, each worker over its own connection, and passes the answers to `report` in the order of
/// `calls`, each as soon as it and all before it have arrived. Returns the first failure of `report`, after all
/// answers.
[[nodiscard]] Answer<void> callSideBySide(
    Session& session, const std::vector<Call>& calls,
    const std::function<Answer<void>(std::size_t index, Answer<xmlrpc::Value> answer)>& report);

}  // namespace ctl
