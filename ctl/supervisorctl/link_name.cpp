// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/link_name.hpp"

#include <limits.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string_view>

#include "lib/core/files.hpp"
#include "lib/core/text.hpp"

namespace ctl {
namespace {

constexpr std::string_view kPrefix = "supervisorctl_";
constexpr int kMostLinks = 40;  // the limit of the kernel, so that a loop ends

/// The target of the symbolic link, as an absolute path; nullopt if it is not a symbolic link.
std::optional<std::string> targetOf(const std::string& link) {
  std::array<char, PATH_MAX> bytes;
  const ssize_t count = ::readlink(link.c_str(), bytes.data(), bytes.size());
  if (count <= 0 || static_cast<std::size_t>(count) == bytes.size()) return std::nullopt;
  return core::absolutePath({bytes.data(), static_cast<std::size_t>(count)}, core::directoryOf(link));
}

std::string_view baseName(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

}  // namespace

std::optional<LinkedInstance> linkedInstance(const std::string& invokedPath) {
  std::optional<LinkedInstance> found;
  std::string path = core::absolutePath(invokedPath, core::currentDirectory());
  for (int steps = 0; steps < kMostLinks; ++steps) {
    const std::string_view base = baseName(path);
    if (base.size() > kPrefix.size() && base.starts_with(kPrefix)) {
      const std::string name(base.substr(kPrefix.size()));
      if (!found) found = LinkedInstance{name, "/etc/supervisord_" + name + ".conf"};
      if (auto config = targetOf(core::directoryOf(path) + "/supervisord_" + name + ".conf")) {
        found->configFile = std::move(*config);
        return found;
      }
    }
    auto next = targetOf(path);
    if (!next) break;
    path = std::move(*next);
  }
  return found;
}

std::string invokedPath(const std::string& argv0) {
  if (argv0.find('/') != std::string::npos) return argv0;
  const char* path = std::getenv("PATH");
  for (const std::string& directory : core::split(path ? path : "", ':')) {
    std::string candidate = (directory.empty() ? "." : directory) + '/' + argv0;
    if (::access(candidate.c_str(), X_OK) == 0 && !core::isDirectory(candidate)) return candidate;
  }
  return argv0;
}

}  // namespace ctl
