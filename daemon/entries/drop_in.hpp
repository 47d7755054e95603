// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Entries as text: new drop-in files, and single keys changed in a file that people write too.
namespace entries {

using Edits = std::vector<std::pair<std::string, std::optional<std::string>>>;

/// A new file with [supervisor:NAME] and these keys; nullopt is left out.
[[nodiscard]] std::string newDropIn(const std::string& name, const Edits& keys);

/// `text` with the keys of [section] set, or taken out where nullopt; comments, order and everything else stay.
/// Nothing, if the section is not in it.
[[nodiscard]] std::optional<std::string> editSection(const std::string& text, const std::string& section,
                                                     const Edits& keys);

/// `text` without [section] and the comment lines right above it. Nothing, if the section is not in it.
[[nodiscard]] std::optional<std::string> removeSection(const std::string& text, const std::string& section);

/// Whether anything but blank lines and comments is in `text`.
[[nodiscard]] bool saysNothing(const std::string& text);

/// Whether a value can be written on one line and read back the same.
[[nodiscard]] bool isPlainValue(const std::string& value);

}  // namespace entries
