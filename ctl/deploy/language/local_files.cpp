// SPDX-License-Identifier: MIT
#include "ctl/deploy/language/local_files.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "lib/core/files.hpp"

namespace deploy {

std::string whyUnreadable(const std::string& path, LocalKind kind) {
  struct stat status {};
  const bool there = ::stat(path.c_str(), &status) == 0;
  if (!there && errno == ENOENT) return fmt::format("there is no '{}'", path);
  if (there && kind == LocalKind::File && S_ISDIR(status.st_mode))
    return fmt::format("'{}' is a folder, not a file", path);
  if (there && kind == LocalKind::File && !S_ISREG(status.st_mode)) return fmt::format("'{}' is not a file", path);
  if (there && kind == LocalKind::Folder && !S_ISDIR(status.st_mode))
    return fmt::format("'{}' is a file, not a folder", path);
  if (!there || ::access(path.c_str(), kind == LocalKind::Folder ? R_OK | X_OK : R_OK) != 0)
    return fmt::format("'{}' cannot be read: {}", path, std::strerror(errno));
  return {};
}

std::string searchIn(const std::vector<std::string>& folders, const std::string& path) {
  if (path.starts_with('/')) return path;
  for (const auto& folder : folders) {
    auto candidate = core::absolutePath(path, folder);
    // A broken link is a hit: whyUnreadable() then names it.
    struct stat status {};
    if (::lstat(candidate.c_str(), &status) == 0 || errno == EACCES) return candidate;
  }
  return {};
}

LocalFiles::Found LocalFiles::find(const std::string& url, LocalKind kind) const {
  const auto colon = url.find("://");
  Found found{.scheme = url.substr(0, colon), .source = url};
  if (found.scheme != "file" && found.scheme != "tmpl") return found;
  const std::string path = url.substr(colon + 3);
  const auto& folders = found.scheme == "file" ? files_ : templates_;
  const std::string_view section = found.scheme == "file" ? "local_files_folders" : "local_templates_folders";
  found.source = searchIn(folders, path);
  if (folders.empty() && found.source.empty()) {
    found.reason = fmt::format("there is no {} to search '{}' in", section, path);
    found.suggestion = "add this section, or give an absolute path";
  } else if (found.source.empty()) {
    found.reason = fmt::format("there is no '{}' in {}", path, fmt::join(folders, ", "));
  } else {
    found.reason = whyUnreadable(found.source, kind);
  }
  return found;
}

}  // namespace deploy
