// SPDX-License-Identifier: MIT
#include "instance/http/host_names.hpp"

#include <arpa/inet.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "lib/core/text.hpp"

namespace http {
namespace {

bool isAddress(int family, std::string_view text) {
  unsigned char bytes[sizeof(in6_addr)];
  return ::inet_pton(family, std::string(text).c_str(), bytes) == 1;
}

bool isPort(std::string_view text) { return text.find_first_not_of("0123456789") == std::string_view::npos; }

/// A host name may end with the dot of the root.
std::string normal(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return core::lower(name);
}

std::string machineName() {
  char name[HOST_NAME_MAX + 1] = "";
  ::gethostname(name, sizeof name - 1);
  return normal(name);
}

/// "[::1]:9001", also without the brackets, which some scripts omit.
bool isIp6(std::string_view host) {
  if (!host.starts_with('[')) return isAddress(AF_INET6, host);
  const std::size_t end = host.find(']');
  if (end == std::string_view::npos || !isAddress(AF_INET6, host.substr(1, end - 1))) return false;
  const std::string_view rest = host.substr(end + 1);
  return rest.empty() || (rest.front() == ':' && isPort(rest.substr(1)));
}

}  // namespace

HostNames::HostNames(const std::vector<std::string>& names, std::string advice) : advice_(std::move(advice)) {
  for (const auto& name : names) names_.push_back(normal(name));
}

bool HostNames::allows(std::string_view host) const {
  if (host.empty() || isIp6(host)) return true;
  const std::size_t colon = host.find(':');
  if (colon != std::string_view::npos && !isPort(host.substr(colon + 1))) return false;
  const std::string name = normal(host.substr(0, colon));
  if (name.empty()) return false;
  if (isAddress(AF_INET, name) || name == "localhost" || name.ends_with(".localhost")) return true;
  // Looked up each time: a machine can be renamed.
  return name == machineName() || std::find(names_.begin(), names_.end(), name) != names_.end();
}

}  // namespace http
