// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "ctl/deploy/yaml/node.hpp"

namespace deploy {

/// Makes the paths of a section that are relative to its file absolute, such as ssh_private_key_file of hosts: against
/// the file that the path is in, and with "~" as the caller's home directory. A path that begins with {{ is Ansible's
/// and stays, and so does an empty one.
void makePathsAbsolute(std::string_view section, Node& value);

/// `path` as written in the file `in`, so that the name of the result is short in messages: relative if both are.
[[nodiscard]] std::string besideFile(const std::string& in, const std::string& path);

}  // namespace deploy
