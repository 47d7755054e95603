// SPDX-License-Identifier: MIT
#include "daemon/entries/hosts.hpp"

#include <unistd.h>

#include <array>
#include <set>

#include "lib/core/files.hpp"
#include "lib/core/text.hpp"

namespace entries {
namespace {

/// The name in `hosts` that begins with "SHORT.", on a line that has SHORT itself or such a name.
std::string fullNameFrom(const std::string& hosts, const std::string& shortName) {
  for (const auto& line : core::split(hosts, '\n')) {
    const auto words = core::splitBlanks(line.substr(0, line.find('#')));
    for (std::size_t i = 1; i < words.size(); ++i)
      if (auto name = core::lower(words[i]); name.starts_with(shortName + '.')) return name;
  }
  return {};
}

bool contains(const std::string& name, const HostNames& host, const HostGroups& groups, std::set<std::string>& seen) {
  const auto word = core::lower(core::trim(name));
  if (word == "all" || word == host.shortName || (!host.fullName.empty() && word == host.fullName)) return true;
  const auto group = groups.find(word);
  // A group that contains itself ends here.
  if (group == groups.end() || !seen.insert(word).second) return false;
  for (const auto& member : group->second)
    if (contains(member, host, groups, seen)) return true;
  return false;
}

}  // namespace

HostNames thisHost(const std::string& hostsFile) {
  std::array<char, 256> buffer{};
  if (::gethostname(buffer.data(), buffer.size() - 1) != 0) return {"localhost", {}};
  const auto name = core::lower(buffer.data());
  const auto dot = name.find('.');
  if (dot != std::string::npos) return {name.substr(0, dot), name};
  const auto hosts = core::readFile(hostsFile, 1024 * 1024);
  return {name, hosts ? fullNameFrom(*hosts, name) : std::string()};
}

bool inScope(const std::string& scope, const HostNames& host, const HostGroups& groups) {
  std::set<std::string> seen;
  for (const auto& part : core::split(scope, ':'))
    if (contains(part, host, groups, seen)) return true;
  return false;
}

}  // namespace entries
