// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace core {

/// `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD; "</" is split by an escape, so that
/// the result may be part of an HTML page; what is unsafe on a terminal (isUnsafeOnTerminal) is escaped.
[[nodiscard]] std::string jsonString(std::string_view text);

}  // namespace core
