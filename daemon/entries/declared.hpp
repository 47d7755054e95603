// SPDX-License-Identifier: MIT
#pragma once

#include <functional>

#include "daemon/entries/entry.hpp"
#include "lib/core/expansion.hpp"

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

/// Whether the instance of `entry` would take what is declared, by the instance's own parser of program sections: one
/// that it refuses would cost all its programs at the next start. Not looked at: directories, and sections with an
/// environment variable that only the entry's own template can give.
[[nodiscard]] bool judgeDeclared(const Declared& declared, const Entry& entry, const DeclaredSinks& sinks);

/// The names that the instance of `entry` knows in its program sections.
[[nodiscard]] core::Names instanceNames(const Entry& entry);
/// Whether a value needs a variable that only the entry's own template can give.
[[nodiscard]] bool needsTemplate(const Declared& declared, const Entry& entry);
/// Adds the section as the instance reads it.
core::IniSection& writeSection(core::IniDocument& document, const Declared& declared);

}  // namespace entries
