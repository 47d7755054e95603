// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "lib/core/result.hpp"
#include "lib/xmlrpc/value.hpp"

namespace xmlrpc {

/// The value of <type>text</type>. A type that XML-RPC does not know arrives as its text.
[[nodiscard]] core::Expected<Value> readScalar(std::string_view type, std::string text);

}  // namespace xmlrpc
