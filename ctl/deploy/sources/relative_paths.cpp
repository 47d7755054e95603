// SPDX-License-Identifier: MIT
#include "ctl/deploy/sources/relative_paths.hpp"

#include <array>

#include "lib/core/files.hpp"

namespace deploy {
namespace {

/// Where the language has a path: in a section that is a list of paths (no key), or in a key of each of its items.
struct PathPlace {
  std::string_view section;
  std::string_view key;
};

constexpr std::array kPlaces = {
    PathPlace{"hosts", "ssh_private_key_file"},
    PathPlace{"host_overrides", "ssh_private_key_file"},
    PathPlace{"users", "authorized_keys"},
    PathPlace{"local_files_folders", ""},
    PathPlace{"local_templates_folders", ""},
    PathPlace{"playbooks_folders", ""},
    PathPlace{"roles_folders", ""},
    PathPlace{"plugins_paths", ""},
    PathPlace{"ansible_inventories", "file"},
    PathPlace{"ansible_inventories", "vault_password_file"},
};

void makeAbsolute(Node& path) {
  for (auto& item : path.items) makeAbsolute(item);
  if (path.kind != Node::Kind::Scalar || path.unresolved || path.text.empty() || path.text.starts_with("{{")) return;
  const auto text = core::expandHome(path.text);
  const auto file = path.mark.file ? core::directoryOf(*path.mark.file) : "";
  path.text = core::absolutePath(text, core::absolutePath(file, core::currentDirectory()));
  path.form = Node::Form::Loose;
}

}  // namespace

void makePathsAbsolute(std::string_view section, Node& value) {
  for (const auto& place : kPlaces) {
    if (place.section != section) continue;
    if (place.key.empty()) makeAbsolute(value);
    for (auto& item : value.items)
      for (auto& member : item.members)
        if (member.key == place.key) makeAbsolute(member.value);
  }
}

std::string besideFile(const std::string& in, const std::string& path) {
  const auto folder = core::directoryOf(in);
  if (folder.empty() || path.starts_with('/')) return path;
  return folder.ends_with('/') ? folder + path : folder + '/' + path;
}

}  // namespace deploy
