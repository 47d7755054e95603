// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "daemon/entries/entry.hpp"
#include "daemon/entries/owners.hpp"
#include "lib/core/ini.hpp"

namespace entries {

struct BuildOptions {
  std::string root;
  std::optional<uid_t> onlyUid;
  std::function<void(Complaint)> complain;
  std::function<void(Complaint)> warn;
  Owners& owners;  ///< borrowed
};

/// The entry that [supervisor:NAME] declares, with all defaults; nothing after a complaint. `scope` and `when` are the
/// caller's.
[[nodiscard]] std::optional<Entry> buildEntry(const core::IniDocument& document, const core::IniSection& section,
                                              const BuildOptions& options);

}  // namespace entries
