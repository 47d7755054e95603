// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

/// Properties of every edit of every text: the section has the new value, all other values stay, and no comment is
/// lost. A unit test and a fuzzer check them. Each function returns the violated property, or an empty text.
namespace drop_in_property {

/// Sets `key` of [section] to `value`, or removes the key.
[[nodiscard]] std::string afterEdit(const std::string& text, const std::string& section, const std::string& key,
                                    const std::optional<std::string>& value);
/// Removes [section].
[[nodiscard]] std::string afterRemoval(const std::string& text, const std::string& section);
/// Creates a file with `key` and reads it.
[[nodiscard]] std::string afterCreation(const std::string& section, const std::string& key, const std::string& value);

}  // namespace drop_in_property
