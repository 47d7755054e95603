// SPDX-License-Identifier: MIT
#include "instance/config/scale_file.hpp"

#include <vector>

#include "instance/config/sources.hpp"
#include "lib/core/files.hpp"
#include "lib/core/ini.hpp"
#include "lib/core/text.hpp"

namespace config {
namespace {

/// What replaces the `*` of a pattern.
constexpr std::string_view kName = "scale";
constexpr std::string_view kHead =
    "; Written by \"supervisorctl scale --save\", and may be edited: the number of processes of programs, which "
    "counts\n"
    "; instead of the one in their sections.\n";

/// A name that the pattern matches; empty if it is not of the kind DIRECTORY/*.ini.
std::string nameFor(const std::string& pattern) {
  const auto directory = core::directoryOf(pattern);
  auto name = pattern.substr(directory == "/" ? 1 : directory.size() + 1);
  const auto star = name.find('*');
  if (star == std::string::npos || directory.find_first_of("*?[") != std::string::npos) return {};
  name.replace(star, 1, kName);
  return name.find_first_of("*?[") == std::string::npos ? core::absolutePath(name, directory) : std::string();
}

}  // namespace

core::Expected<std::string> scaleFile(const CommandLine& line) {
  auto document = core::IniDocument::read(line.file);
  if (!document) return core::Err{document.error()};
  const auto here = core::directoryOf(line.file);
  document->substitute("%(here)s", here);
  const auto environment = core::environmentNames();
  const auto patterns = includePatterns(*document, here, environment);
  if (!patterns) return core::Err{patterns.error()};
  for (const auto& pattern : *patterns)
    if (auto path = nameFor(pattern); !path.empty() && core::isDirectory(core::directoryOf(path))) return path;
  return core::Err{core::Error{"there is no directory to save it in: " + line.file +
                               " has no [include] with files = DIRECTORY/*.ini, or the directory does not exist"}};
}

std::string withScale(std::string_view text, const std::string& program, int count) {
  auto lines = core::split(text.empty() ? std::string(kHead) : std::string(text), '\n');
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  const std::string head = "[scale:" + program + "]", number = "numprocs=" + std::to_string(count);
  bool inside = false, done = false;
  std::vector<std::string> out;
  for (const auto& one : lines) {
    const auto trimmed = core::trim(one);
    if (one.starts_with('[')) inside = trimmed == head;
    const bool replaced = inside && !one.starts_with(' ') && trimmed.starts_with("numprocs");
    if (replaced && done) continue;
    out.push_back(replaced ? number : one);
    done = done || replaced;
  }
  if (!done) {
    // A section without a number, which somebody has edited, is begun again: the two count as one.
    out.push_back(head);
    out.push_back(number);
  }
  return core::join(out, "\n") + "\n";
}

}  // namespace config
