// SPDX-License-Identifier: MIT
#include "lib/dialect/surroundings.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "lib/core/files.hpp"
#include "lib/core/text.hpp"
#include "lib/dialect/section_reader.hpp"
#include "lib/dialect/values.hpp"

namespace config {
namespace {

/// The lines of a value that are not blank: a path may have any other character.
std::vector<std::string> linesOf(std::string_view text) {
  std::vector<std::string> out;
  for (const auto& line : core::split(text, '\n'))
    if (const auto trimmed = core::trim(line); !trimmed.empty()) out.emplace_back(trimmed);
  return out;
}

/// The paths are used at each start, in whatever directory supervisord is then.
core::Expected<std::string> parsePath(std::string_view text) {
  auto path = core::expandHome(core::trim(text));
  if (!path.starts_with('/'))
    return refused(core::pythonRepr(text) + " is not an absolute path (%(here)s is the directory of this file)");
  return path;
}

core::Expected<std::optional<gid_t>> parseOneGroup(std::string_view text) {
  const auto gid = parseGroup(text);
  if (!gid) return core::Err{gid.error()};
  return std::optional(*gid);
}

core::Expected<std::vector<gid_t>> parseGroups(std::string_view text) {
  std::vector<gid_t> out;
  for (const auto& name : parseStrings(text)) {
    const auto gid = parseGroup(name);
    if (!gid) return core::Err{gid.error()};
    out.push_back(*gid);
  }
  return out;
}

core::Expected<std::vector<OptionalPath>> parsePaths(std::string_view text) {
  std::vector<OptionalPath> out;
  for (const std::string_view line : linesOf(text)) {
    const bool optional = line.starts_with('-');
    auto path = parsePath(line.substr(optional ? 1 : 0));
    if (!path) return core::Err{std::move(path).error()};
    out.push_back({std::move(*path), optional});
  }
  return out;
}

bool isCredentialName(std::string_view name) {
  return !name.empty() && name.size() <= 255 && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < '\x7f' && c != '/'; });
}

core::Expected<std::vector<Credential>> parseCredentials(std::string_view text) {
  std::vector<Credential> out;
  for (const std::string_view line : linesOf(text)) {
    const auto colon = line.find(':');
    const auto name = core::trim(line.substr(0, colon));
    if (colon == std::string_view::npos || !isCredentialName(name))
      return refused(core::pythonRepr(line) + " is not NAME:PATH, where NAME is that of a file");
    auto path = parsePath(line.substr(colon + 1));
    if (!path) return core::Err{std::move(path).error()};
    if (std::any_of(out.begin(), out.end(), [&](const Credential& other) { return other.name == name; }))
      return refused("the credential " + core::pythonRepr(name) + " is there twice");
    out.push_back({std::string(name), std::move(*path)});
  }
  return out;
}

/// Whether the path is /tmp, /var/tmp, or below one of them.
bool isTemporary(std::string_view path) {
  const auto whole = core::absolutePath(path, "/") + "/";
  return whole.starts_with("/tmp/") || whole.starts_with("/var/tmp/");
}

}  // namespace

void readSurroundings(SectionReader& in, const core::Names& names, Surroundings& surroundings) {
  in.take("group", names, parseOneGroup, surroundings.group);
  in.take("supplementary_groups", names, parseGroups, surroundings.supplementaryGroups);
  in.take("environment_file", names, parsePaths, surroundings.environmentFiles);
  in.take("environment_clean", names, parseBoolean, surroundings.cleanEnvironment);
  in.take("login_environment", names, parseBoolean, surroundings.loginEnvironment);
  bool numbered = false;
  in.take("environment_process_number", names, parseBoolean, numbered);
  if (numbered) {
    const auto* number = names.find("process_num");
    surroundings.processNumber = number != nullptr ? std::get<std::int64_t>(*number) : 0;
  }
  in.take("credential", names, parseCredentials, surroundings.credentials);
  in.take("read_only_paths", names, parsePaths, surroundings.readOnlyPaths);
  in.take("private_tmp", names, parseBoolean, surroundings.privateTmp);
  if (!surroundings.privateTmp) return;
  for (const auto& [path, optional] : surroundings.readOnlyPaths)
    if (!optional && isTemporary(path))
      in.fail("read_only_paths",
              core::pythonRepr(path) + " is not in the program's own, empty /tmp and /var/tmp (private_tmp)");
}

}  // namespace config
