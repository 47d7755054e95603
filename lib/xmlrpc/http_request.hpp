// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "lib/xmlrpc/endpoint.hpp"

namespace xmlrpc {

/// The text of a GET, as Supervisor's clients send it.
[[nodiscard]] std::string composeGet(const Endpoint& endpoint, const Credentials& credentials, std::string_view path);
/// The text of a POST of XML to /RPC2.
[[nodiscard]] std::string composePost(const Endpoint& endpoint, const Credentials& credentials, std::string_view body);

}  // namespace xmlrpc
