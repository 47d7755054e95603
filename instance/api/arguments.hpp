// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "lib/core/result.hpp"
#include "lib/xmlrpc/fault.hpp"
#include "lib/xmlrpc/value.hpp"

namespace api {

template <class T>
using Argument = core::Result<T, xmlrpc::Fault>;

/// A text. Another type is INCORRECT_PARAMETERS, which names the argument.
[[nodiscard]] Argument<std::string> textArgument(const xmlrpc::Value& value, std::string_view name);
/// An integer, a boolean, or a text that Python's int() accepts.
[[nodiscard]] Argument<std::int64_t> integerArgument(const xmlrpc::Value& value, std::string_view name);
/// Whether Python treats the value as true.
[[nodiscard]] bool truth(const xmlrpc::Value& value) noexcept;
/// The optional parameter `wait` at `index`: true unless it is given and false.
[[nodiscard]] bool waits(const xmlrpc::Array& params, std::size_t index) noexcept;
/// A scalar as text, for arguments that are passed on unchecked; empty for an array or a struct.
[[nodiscard]] std::string scalarText(const xmlrpc::Value& value);

}  // namespace api
