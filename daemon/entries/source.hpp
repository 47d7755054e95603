// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/entries/entry.hpp"
#include "lib/core/ini.hpp"

/// The files of the administrator, as documents.
namespace entries {

/// One parsed file, and the sections in it that repeat an earlier one (which alone counts).
struct Source {
  core::IniDocument document;
  std::vector<Complaint> repeated;
};

using Overlay = std::map<std::string, std::optional<std::string>>;

/// Names of the *.conf in `directory` that are files or in `overlay`, sorted. A missing directory has none.
[[nodiscard]] std::vector<std::string> confFiles(const std::string& directory, const Overlay& overlay);

/// Reads and parses `path`. Nothing: it does not exist. A complaint: it belongs to an account other than root
/// (or our own), everybody may write it, it cannot be read, or it does not parse.
[[nodiscard]] core::Result<std::optional<Source>, Complaint> readSource(const std::string& path,
                                                                        const Overlay& overlay);

}  // namespace entries
