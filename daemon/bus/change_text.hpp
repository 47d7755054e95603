// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "daemon/instances/change.hpp"

namespace bus {

/// "add", "remove", "change", "start", "stop", "restart"; "nothing".
[[nodiscard]] const char* toText(instances::Deed deed) noexcept;

/// The lines of a change as clients get them. They tell a failure by its beginning: "refused: ", "failed: ".
///
///   KEY: OLD -> NEW                         of the entry: "(default)" where there is none, "(hidden)" for a password
///   failed: not recorded: REASON
///   create directory PATH, update file ...  of its files
///   refused: REASON                         by its files, then by its owner's check
///   failed: REASON                          of its start, or of loading its programs
///   skipped: ...                            a later change replaced it
[[nodiscard]] std::vector<std::string> linesOf(const instances::Change& change);

}  // namespace bus
