// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "instance/config/model.hpp"
#include "lib/core/result.hpp"

namespace config {

struct ReadContext;

/// Every [inet_http_server…], then every [unix_http_server…], then the server of http_port, as in Supervisor 2.
[[nodiscard]] core::Expected<std::vector<HttpServer>> readServers(ReadContext& context);
/// Every [rpcinterface:x]; a Supervisor 2 configuration (http_port) has the supervisor interface without one.
[[nodiscard]] core::Expected<std::vector<RpcInterface>> readRpcInterfaces(ReadContext& context);

}  // namespace config
