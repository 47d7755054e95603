// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "lib/xmlrpc/fault.hpp"
#include "lib/xmlrpc/value.hpp"

namespace xmlrpc {

/// A methodCall as a text.
[[nodiscard]] std::string composeRequest(std::string_view method, const Array& params);
/// A methodResponse around `value`, one finished "<value>...</value>".
[[nodiscard]] std::string composeResponse(std::string value);
[[nodiscard]] std::string composeFault(const Fault& fault);
/// `fault` as the struct that multicall and composeFault carry: "<value><struct>...</struct></value>".
[[nodiscard]] std::string faultValue(const Fault& fault);

}  // namespace xmlrpc
