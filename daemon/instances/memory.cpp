// SPDX-License-Identifier: MIT
#include "daemon/instances/memory.hpp"

#include <fmt/core.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "daemon/instances/keyed_file.hpp"

namespace instances {
namespace {

std::string randomMark(const std::string& name) {
  std::uint64_t value = 0;
  (void)!::getrandom(&value, sizeof value, 0);
  return fmt::format("{}:{:016x}", name, value);
}

layout::Node removalOf(const std::string& item) {
  const auto kind = item.substr(0, item.find(' '));
  return layout::Removal{kind == "link" ? layout::Removal::What::Link : layout::Removal::What::File,
                         item.substr(item.find(' ') + 1)};
}

}  // namespace

void Memory::load() {
  const auto file = KeyedFile::read(path_);
  mark = file.get("mark");
  if (mark.empty()) mark = randomMark(path_.substr(path_.rfind('/') + 1));
  deployed = file.get("deployed");
  if (const auto word = file.get("enabled"); !word.empty()) enabled = word == "yes";
  enabledBase = file.get("enabled_base") != "no";
  generated = file.all("generated");
  directories = file.all("directory");
  owner.uid = static_cast<uid_t>(file.number("uid"));
  owner.gid = static_cast<gid_t>(file.number("gid"));
}

bool Memory::save() const {
  KeyedFile file;
  file.set("mark", mark);
  file.set("deployed", deployed);
  if (enabled) {
    file.set("enabled", *enabled ? "yes" : "no");
    file.set("enabled_base", enabledBase ? "yes" : "no");
  }
  for (const auto& item : generated) file.add("generated", item);
  for (const auto& item : directories) file.add("directory", item);
  file.set("uid", std::to_string(owner.uid));
  file.set("gid", std::to_string(owner.gid));
  return file.write(path_).has_value();
}

void Memory::remove() const {
  ::unlink(path_.c_str());
}

std::vector<layout::Node> Memory::replaceGenerated(const layout::Plan& plan, const std::vector<std::string>& keep) {
  std::vector<std::string> now;
  directories.clear();
  for (const auto& node : plan.nodes) {
    if (std::holds_alternative<layout::File>(node)) now.push_back("file " + pathOf(node));
    if (std::holds_alternative<layout::Link>(node)) now.push_back("link " + pathOf(node));
    if (std::holds_alternative<layout::Directory>(node)) directories.push_back(pathOf(node));
  }
  const std::set<std::string> wanted(now.begin(), now.end());
  std::vector<layout::Node> gone;
  for (const auto& item : generated) {
    if (wanted.count(item)) continue;
    const auto name = item.substr(item.rfind('/') + 1);
    if (std::find(keep.begin(), keep.end(), name) != keep.end())
      now.push_back(item);
    else
      gone.push_back(removalOf(item));
  }
  generated = std::move(now);
  owner = plan.owner;
  return gone;
}

std::vector<layout::Node> Memory::allRemovals(bool purge) const {
  std::vector<layout::Node> out;
  for (const auto& item : generated) out.push_back(removalOf(item));
  if (!purge) return out;
  // The deepest first.
  auto deep = directories;
  std::sort(deep.begin(), deep.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  for (const auto& path : deep) out.push_back(layout::Removal{layout::Removal::What::Tree, path});
  return out;
}

}  // namespace instances
