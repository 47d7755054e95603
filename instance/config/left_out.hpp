// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "instance/config/model.hpp"

namespace config {

/// Warns of files beside those that `patterns` of [include] match which hold programs and are not read, since their
/// names do not fit: "worker.conf" where the pattern is "*.ini". `read` are the files that are. Names that say that a
/// file is put aside (".disabled", ".bak", "~", …) are left alone, and so are directories that a pattern itself
/// describes. Looks at some files only, and never waits for one.
void noteLeftOut(const std::vector<std::string>& patterns, const std::vector<std::string>& read,
                 std::vector<Message>& messages);

}  // namespace config
