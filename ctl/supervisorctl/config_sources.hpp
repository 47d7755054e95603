// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "lib/core/ini.hpp"

namespace ctl {

/// The section that has the settings of a client.
struct SettingsSource {
  enum class Kind { Section, UnixServer, InetServer, None };
  Kind kind = Kind::None;
  std::string section;             ///< its name: "supervisorctl", "unix_http_server"; empty for None
  std::vector<std::string> notes;  ///< included files that were ignored, each with the reason
};

/// Finds the section with the address of the server: [supervisorctl] of the file itself, the only one that Supervisor's
/// client uses; else [supervisorctl] of the included files, else the first [unix_http_server], else the last
/// [inet_http_server]. The included files are read only if they are needed, and then merged into `document`. `home` is
/// the directory of the file. As root without `trust`, an included file that other accounts can change is ignored: it
/// could send root, with root's password, to another server.
[[nodiscard]] SettingsSource findSettings(core::IniDocument& document, const std::string& home, bool trust);

}  // namespace ctl
