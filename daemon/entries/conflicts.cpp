// SPDX-License-Identifier: MIT
#include "daemon/entries/conflicts.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace entries {
namespace {

/// Directories of the system: no instance may own one of them.
constexpr std::string_view kSystem[] = {
    "/bin",      "/boot",        "/etc",        "/home",        "/lib",       "/lib64",         "/media",
    "/mnt",      "/opt",         "/root",       "/run",         "/sbin",      "/srv",           "/tmp",
    "/usr",      "/usr/bin",     "/usr/lib",    "/usr/libexec", "/usr/local", "/usr/local/bin", "/usr/local/sbin",
    "/usr/sbin", "/usr/share",   "/var",        "/var/cache",   "/var/lib",   "/var/log",       "/var/spool",
    "/var/tmp",  "/etc/systemd", "/run/systemd"};
/// Trees in which no instance may have anything.
constexpr std::string_view kForbidden[] = {
    "/proc", "/sys", "/dev", "/etc/supervisor-manager", "/run/supervisor-manager", "/var/lib/supervisor-manager"};

bool isInside(std::string_view path, std::string_view directory) noexcept {
  return path == directory ||
         (path.size() > directory.size() && path.starts_with(directory) && path[directory.size()] == '/');
}

struct Need {
  std::string_view key;
  const std::string& path;
  bool directory;
};

std::array<Need, 6> needsOf(const Entry& entry) {
  return {{{"logs_dir", entry.logsDir, true},
           {"pid_dir", entry.pidDir, true},
           {"socks_dir", entry.socksDir, true},
           {"include_dir", entry.includeDir, true},
           {"conf_file_dst", entry.confFile, false},
           {"supervisorctl", entry.supervisorctl, false}}};
}

std::pair<std::string, std::string> hostAndPort(const std::string& endpoint) {
  const auto colon = endpoint.rfind(':');
  auto host = endpoint.substr(0, colon);
  if (host == "*" || host == "[::]") host = "0.0.0.0";
  if (host == "localhost") host = "127.0.0.1";
  return {std::move(host), endpoint.substr(colon + 1)};
}

}  // namespace

Claims::Claims(std::string root) : root_(std::move(root)) {}

std::optional<std::string> Claims::protectedPath(const std::string& path, bool directory) const {
  const auto inner = std::string_view(path).substr(root_.size());
  for (const auto tree : kForbidden)
    if (isInside(inner, tree)) return fmt::format("{} is in {}, where no instance may have files", path, tree);
  for (const auto system : kSystem)
    if (inner == system) return fmt::format("{} is a directory of the system", path);
  if (directory && inner.find('/', 1) == std::string_view::npos)
    return fmt::format("{} is a top-level directory; choose one below it", path);
  return std::nullopt;
}

std::optional<std::string> Claims::against(const std::string& name, const std::string& path, bool directory) const {
  const auto said = [&](const std::string& other, const Claim& claim) {
    if (other == path) return fmt::format("{} is already used by instance '{}'", path, claim.owner);
    return fmt::format("{} overlaps {} of instance '{}'", path, other, claim.owner);
  };
  for (auto cut = path.size(); cut != std::string::npos && cut > 0; cut = path.rfind('/', cut - 1)) {
    const auto found = paths_.find(path.substr(0, cut));
    if (found != paths_.end() && found->second.owner != name && (found->second.directory || cut == path.size()))
      return said(found->first, found->second);
  }
  if (!directory) return std::nullopt;
  for (auto it = paths_.lower_bound(path + '/'); it != paths_.end() && isInside(it->first, path); ++it)
    if (it->second.owner != name) return said(it->first, it->second);
  return std::nullopt;
}

std::optional<std::string> Claims::endpointAgainst(const HttpServer& server) const {
  const auto [host, port] = hostAndPort(server.endpoint);
  const auto users = ports_.find(port);
  if (users == ports_.end()) return std::nullopt;
  for (const auto& [otherHost, instance] : users->second)
    if (otherHost == host || host == "0.0.0.0" || otherHost == "0.0.0.0")
      return fmt::format("{} is already used by instance '{}'", server.endpoint, instance);
  return std::nullopt;
}

std::optional<Claims::Conflict> Claims::take(const Entry& entry) {
  const auto needs = needsOf(entry);
  for (const auto& need : needs) {
    auto reason = protectedPath(need.path, need.directory);
    if (!reason) reason = against(entry.name, need.path, need.directory);
    if (reason) return Conflict{std::string(need.key), std::move(*reason)};
    for (const auto& other : needs)
      if (&other != &need && !need.directory && other.path == need.path)
        return Conflict{std::string(need.key), fmt::format("{} is also {}", need.path, other.key)};
  }
  if (entry.http)
    if (auto reason = endpointAgainst(*entry.http)) return Conflict{"http_server.endpoint", std::move(*reason)};
  for (const auto& need : needs) paths_.insert_or_assign(need.path, Claim{entry.name, need.directory});
  if (entry.http) {
    const auto [host, port] = hostAndPort(entry.http->endpoint);
    ports_[port].emplace_back(host, entry.name);
  }
  return std::nullopt;
}

}  // namespace entries
