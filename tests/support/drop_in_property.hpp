// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

/// What holds for every text and every edit of it: the section says what the edit says, all else says what it said, and
/// no comment is lost. A unit test and a fuzzer try it.
namespace drop_in_property {

/// Sets `key` of [section] to `value`, or takes it out. Returns what is wrong, or nothing.
[[nodiscard]] std::string afterEdit(const std::string& text, const std::string& section, const std::string& key,
                                    const std::optional<std::string>& value);
/// Takes [section] out. Returns what is wrong, or nothing.
[[nodiscard]] std::string afterRemoval(const std::string& text, const std::string& section);
/// Makes a file with `key` and reads it. Returns what is wrong, or nothing.
[[nodiscard]] std::string afterCreation(const std::string& section, const std::string& key, const std::string& value);

}  // namespace drop_in_property
