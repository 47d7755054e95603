// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "lib/core/ini.hpp"

namespace ctl {

/// Where the settings of a client stand.
struct SettingsSource {
  enum class Kind { Section, UnixServer, InetServer, None };
  Kind kind = Kind::None;
  std::string section;             ///< its name: "supervisorctl", "unix_http_server"; empty for None
  std::vector<std::string> notes;  ///< included files that had no say, each with the reason
};

/// Finds the section that says where the server is: [supervisorctl] of the file itself, which is all that Supervisor's
/// client looks at; else [supervisorctl] of the files that it includes, else the first [unix_http_server], else the
/// last [inet_http_server]. The included files are read only if they are needed, and then put on top of `document`.
/// `home` is the directory of the file. As root without `trust`, an included file in which others
/// have a say is left out: it could lead root, with root's password, to another server.
[[nodiscard]] SettingsSource findSettings(core::IniDocument& document, const std::string& home, bool trust);

}  // namespace ctl
