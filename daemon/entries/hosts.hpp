// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <vector>

/// Which entries are for this host (attribute `scope`).
namespace entries {

struct HostNames {
  std::string shortName;
  std::string fullName;  ///< empty: not known
};

/// [host_group:NAME] sections: name to the hosts and groups in it.
using HostGroups = std::map<std::string, std::vector<std::string>>;

/// The kernel's host name, and the full one if that or `hostsFile` (/etc/hosts) has it. Uses no name server: a host
/// must boot without one.
[[nodiscard]] HostNames thisHost(const std::string& hostsFile);

/// Whether `scope` ("all", host names, groups, joined by ':') means this host. Names are compared without case.
[[nodiscard]] bool inScope(const std::string& scope, const HostNames& host, const HostGroups& groups);

}  // namespace entries
