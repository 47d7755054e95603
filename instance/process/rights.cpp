// SPDX-License-Identifier: MIT
#include "instance/process/rights.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <vector>

#include "instance/config/model.hpp"
#include "lib/core/files.hpp"
#include "lib/core/spawn.hpp"

namespace process {
namespace {

core::Identity ownIdentity() {
  core::Identity own{::getuid(), ::getegid(), {}};
  const int count = ::getgroups(0, nullptr);
  own.groups.resize(static_cast<std::size_t>(std::max(count, 0)));
  if (count > 0) own.groups.resize(static_cast<std::size_t>(std::max(::getgroups(count, own.groups.data()), 0)));
  return own;
}

/// Whether a process of this identity has these groups already, so that no right is needed.
bool hasGroups(const core::Identity& identity, const config::Surroundings& wanted) {
  const auto has = [&](gid_t gid) {
    return gid == identity.gid ||
           std::find(identity.groups.begin(), identity.groups.end(), gid) != identity.groups.end();
  };
  return wanted.group.value_or(identity.gid) == identity.gid &&
         std::all_of(wanted.supplementaryGroups.begin(), wanted.supplementaryGroups.end(), has);
}

core::Result<void, std::string> limitView(const config::ProcessConfig& config, core::SpawnSpec& spec) {
  const auto& wanted = config.extension->surroundings;
  for (const auto& [path, optional] : wanted.readOnlyPaths) spec.sandbox.readOnly.push_back({path, optional});
  spec.sandbox.privateTmp = wanted.privateTmp;
  if (!spec.sandbox.wanted()) return {};
  // In a user namespace a capability would be one for its mounts, with which the program could undo them.
  if (::geteuid() != 0 && config.extension->limits.capabilities.value_or(0) != 0)
    return core::Err<std::string>{
        "capabilities with private_tmp or read_only_paths need a supervisord that runs as root"};
  // Also without the key: the old working directory is not part of the view.
  if (!config.directory.starts_with('/')) spec.directory = core::currentDirectory() + '/' + config.directory;
  return {};
}

}  // namespace

core::Result<std::optional<core::Identity>, std::string> identityFor(const config::ProcessConfig& config) {
  const auto& wanted = config.extension->surroundings;
  core::Identity identity;
  if (config.uid && *config.uid != ::getuid()) {
    const auto account = core::findAccount(*config.uid);
    if (!account) return core::Err{fmt::format("couldn't setuid to {}: Can't find uid {}", *config.uid, *config.uid)};
    identity = core::identityOf(*account, wanted.group);
  } else {
    if (!wanted.group && wanted.supplementaryGroups.empty()) return std::optional<core::Identity>();
    identity = ownIdentity();
    if (hasGroups(identity, wanted)) return std::optional<core::Identity>();
    if (::geteuid() != 0)
      return core::Err{fmt::format("couldn't set {}: supervisord runs as uid {}, and only root can give other groups",
                                   wanted.group ? "group" : "supplementary_groups", ::geteuid())};
    identity.gid = wanted.group.value_or(identity.gid);
  }
  auto& groups = identity.groups;
  for (const gid_t gid : wanted.supplementaryGroups)
    if (std::find(groups.begin(), groups.end(), gid) == groups.end()) groups.push_back(gid);
  return std::optional(std::move(identity));
}

core::Result<void, std::string> grant(const config::ProcessConfig& config, core::SpawnSpec& spec) {
  if (auto done = limitView(config, spec); !done) return done;
  const config::Limits& limits = config.extension->limits;
  for (const auto& [resource, soft, hard] : limits.resources) {
    std::erase_if(spec.limits, [which = resource](const auto& other) { return other.first == which; });
    spec.limits.emplace_back(resource, rlimit{soft, hard});
  }
  spec.nice = limits.nice;
  spec.ioPriority = limits.ioPriority;
  constexpr std::size_t kBits = sizeof(unsigned long) * CHAR_BIT;
  for (const int number : limits.processors) {
    const auto word = static_cast<std::size_t>(number) / kBits;
    if (word >= spec.processors.size()) spec.processors.resize(word + 1);
    spec.processors[word] |= 1UL << (static_cast<std::size_t>(number) % kBits);
  }
  spec.capabilities = limits.capabilities;
  spec.noNewPrivileges = limits.noNewPrivileges;
  return {};
}

core::Status checkVisible(const config::ProcessConfig& config, const char* what, std::string_view path) {
  const bool hidden =
      config.extension->surroundings.privateTmp && (path.starts_with("/tmp/") || path.starts_with("/var/tmp/"));
  if (!hidden) return {};
  return core::Err{core::Error{
      fmt::format("private_tmp would hide {} in {}: give supervisord XDG_RUNTIME_DIR or TMPDIR elsewhere", what, path),
      0}};
}

}  // namespace process
