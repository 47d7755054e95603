// SPDX-License-Identifier: MIT
#include "instance/config/overlay.hpp"

#include <fnmatch.h>

#include <algorithm>

namespace config {

core::Expected<Overlay> Overlay::parse(std::string_view text) {
  Overlay out;
  const auto field = [&text]() -> std::optional<std::string> {
    const auto end = text.find('\0');
    if (end == std::string_view::npos) return std::nullopt;
    std::string value(text.substr(0, end));
    text.remove_prefix(end + 1);
    return value;
  };
  while (!text.empty()) {
    const auto kind = field(), path = field();
    auto content = field();
    if (!content) return core::Err{core::Error{"the overlay on standard input ends within a record"}};
    if (*kind == "file")
      out.files[*path] = std::move(*content);
    else if (*kind == "gone")
      out.files[*path] = std::nullopt;
    else if (*kind == "directory")
      out.directories.insert(*path);
    else
      return core::Err{core::Error{"the overlay on standard input has a record of an unknown kind"}};
  }
  return out;
}

void Overlay::adjust(const std::string& pattern, std::vector<std::string>& matching) const {
  std::erase_if(matching, [this](const auto& path) { return files.count(path) > 0; });
  for (const auto& [path, content] : files)
    // With these flags fnmatch() matches as glob() does on disk.
    if (content && ::fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME | FNM_PERIOD | FNM_NOESCAPE) == 0)
      matching.push_back(path);
  std::sort(matching.begin(), matching.end());
}

}  // namespace config
