// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "lib/core/result.hpp"
#include "lib/xmlrpc/value.hpp"

namespace xmlrpc {

/// The value of <type>text</type>. An unknown type becomes a string.
[[nodiscard]] core::Expected<Value> readScalar(std::string_view type, std::string text);

}  // namespace xmlrpc
