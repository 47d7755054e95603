// SPDX-License-Identifier: MIT
#pragma once

#include "instance/api/method_table.hpp"

namespace api {

/// system.multicall: `params` holds one array of {methodName, params}. The calls run in sequence, also those that wait.
void multicall(const MethodTable& table, const xmlrpc::Array& params, Completion done);

}  // namespace api
