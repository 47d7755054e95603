// SPDX-License-Identifier: MIT
#pragma once

#include <functional>

#include "daemon/entries/entry.hpp"

namespace core {
class IniDocument;
class IniSection;
}  // namespace core

namespace entries {

/// Reads [supervisor_program:NAME] or [supervisor_group:NAME]. What is wrong goes to `complain` (and nothing is
/// returned), what is doubtful to `warn`. The attributes `scope` and `when` are the caller's, `supervisor` is required,
/// `enabled`, `state` and `no_remove` are ours; all other keys are Supervisor's and go through as they are.
struct DeclaredSinks {
  std::function<void(Complaint)> complain;
  std::function<void(Complaint)> warn;
};
[[nodiscard]] std::optional<Declared> readDeclared(const core::IniDocument& document, const core::IniSection& section,
                                                   Declared::Kind kind, const DeclaredSinks& sinks);

}  // namespace entries
