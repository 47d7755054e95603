// SPDX-License-Identifier: MIT
#include "daemon/entries/environment.hpp"

#include <algorithm>
#include <cstdlib>

namespace entries {

std::vector<std::string> ownerEnvironment(const Entry& entry) {
  const char* const language = std::getenv("LANG");
  std::vector<std::string> out{"PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
                               std::string("LANG=") + (language ? language : "C.UTF-8"),
                               "HOME=" + (entry.owner.home.empty() ? "/" : entry.owner.home),
                               "USER=" + entry.owner.name,
                               "LOGNAME=" + entry.owner.name,
                               "SHELL=" + (entry.owner.shell.empty() ? "/bin/sh" : entry.owner.shell)};
  for (const auto& [key, value] : entry.execution.environment) {
    const auto same =
        std::find_if(out.begin(), out.end(), [&key = key](const auto& v) { return v.starts_with(key + '='); });
    if (same == out.end())
      out.push_back(key + '=' + value);
    else
      *same = key + '=' + value;
  }
  return out;
}

}  // namespace entries
