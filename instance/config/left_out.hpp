// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "instance/config/model.hpp"

namespace config {

/// Warns about files with programs that are not read because their names do not match `patterns` of [include]:
/// "worker.conf" where the pattern is "*.ini". `read` are the files that are read. Names of disabled files
/// (".disabled",
/// ".bak", "~", …) are ignored, and so are directories whose name is a pattern. Checks a limited number of files, and
/// never blocks on one.
void noteLeftOut(const std::vector<std::string>& patterns, const std::vector<std::string>& read,
                 std::vector<Message>& messages);

}  // namespace config
