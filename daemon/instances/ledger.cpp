// SPDX-License-Identifier: MIT
#include "daemon/instances/ledger.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>

#include "daemon/entries/attributes.hpp"
#include "lib/core/text.hpp"

namespace instances {
namespace {

/// So many tries to write something else may fail in a row until what is there is taken for somebody else's.
constexpr std::size_t kDigestLimit = 16;

template <class Node>
const Node* as(const layout::Node& node) {
  return std::get_if<Node>(&node);
}

/// The digest of a file or link that a plan makes; nothing for other nodes.
std::optional<std::string> digestOf(const layout::Node& node) {
  if (const auto* file = as<layout::File>(node)) return layout::digestOf(file->content);
  if (const auto* link = as<layout::Link>(node)) return layout::digestOf(link->target);
  return std::nullopt;
}

}  // namespace

void Ledger::readFrom(const KeyedFile& file) {
  for (const auto& line : file.all("generated")) {
    const auto kind = line.substr(0, line.find(' '));
    auto rest = line.substr(std::min(kind.size() + 1, line.size()));
    Item item{kind == "link", {}};
    if (!rest.starts_with('/')) {
      item.digests = core::split(rest.substr(0, rest.find(' ')), ',');
      rest.erase(0, std::min(rest.find(' '), rest.size() - 1) + 1);
    }
    if (rest.starts_with('/')) items_[rest] = std::move(item);
  }
  // Earlier versions did not say which directories they made: those at the default places are the instance's.
  const auto name = stateFile_.substr(stateFile_.rfind('/') + 1);
  for (const auto& path : file.all("directory")) {
    constexpr const char* keys[] = {"logs_dir", "include_dir", "pid_dir"};
    directories_[path] = std::any_of(std::begin(keys), std::end(keys), [&](const char* key) {
      return path.ends_with(entries::defaultPath(key, name, ""));
    });
  }
  for (const auto& path : file.all("own")) directories_[path] = true;
}

void Ledger::writeTo(KeyedFile& file) const {
  for (const char* key : {"generated", "directory", "own"}) file.erase(key);
  for (const auto& [path, item] : items_) {
    auto line = std::string(item.link ? "link " : "file ");
    if (!item.digests.empty()) line += core::join(item.digests, ",") + ' ';
    file.add("generated", line + path);
  }
  for (const auto& [path, own] : directories_) file.add(own ? "own" : "directory", path);
}

core::Expected<KeyedFile> Ledger::stateFile() const {
  // Without its mark the file could not be read, and must not be cut short.
  auto file = KeyedFile::read(stateFile_);
  if (file.get("mark").empty() && !obstacle_.empty()) return core::Err{core::Error{obstacle_, 0}};
  if (file.get("mark").empty())
    return core::Err{core::Error{stateFile_ + " cannot be read, so that nothing can be recorded there", 0}};
  writeTo(file);
  return file;
}

core::Status Ledger::save(layout::Intention* draft) const {
  const auto file = stateFile();
  if (!file) return core::Err{file.error()};
  // Whatever removed the draft meanwhile: then it is written again.
  if (draft && draft->text == file->text() && draft->file.place()) return {};
  return file->write(stateFile_);
}

layout::Known Ledger::knownOf(const std::string& path, bool link) const {
  const auto found = items_.find(path);
  if (found == items_.end() || found->second.link != link) return {};
  return {true, found->second.digests};
}

void Ledger::inform(layout::Plan& plan) const {
  for (auto& node : plan.nodes) {
    if (auto* file = std::get_if<layout::File>(&node)) file->known = knownOf(file->path, false);
    if (auto* link = std::get_if<layout::Link>(&node)) link->known = knownOf(link->path, true);
    if (auto* directory = std::get_if<layout::Directory>(&node)) {
      const auto found = directories_.find(directory->path);
      directory->made = found != directories_.end() && found->second;
    }
  }
}

std::vector<layout::Node> Ledger::gone(const layout::Plan& plan, const std::vector<std::string>& keep) const {
  std::set<std::string> stays;
  for (const auto& node : plan.nodes) stays.insert(pathOf(node));
  auto out = removals(false);
  std::erase_if(out, [&](const auto& node) {
    const auto& path = pathOf(node);
    return stays.count(path) || std::find(keep.begin(), keep.end(), path.substr(path.rfind('/') + 1)) != keep.end();
  });
  return out;
}

std::vector<layout::Node> Ledger::removals(bool purge) const {
  using What = layout::Removal::What;
  std::vector<layout::Node> out;
  for (const auto& [path, item] : items_)
    out.push_back(layout::Removal{item.link ? What::Link : What::File, path, {true, item.digests}, true});
  // The map is sorted by path, so a directory comes before its content: in reverse, the content goes first.
  for (auto it = directories_.rbegin(); it != directories_.rend(); ++it)
    if (purge || (it->second && isRunDirectory(it->first)))
      out.push_back(layout::Removal{What::Tree, it->first, {}, it->second});
  return out;
}

bool Ledger::isRunDirectory(const std::string& path) const {
  const auto name = stateFile_.substr(stateFile_.rfind('/') + 1);
  if (!path.ends_with(entries::defaultPath("pid_dir", name, ""))) return false;
  const auto inside = directories_.lower_bound(path + '/');
  return inside == directories_.end() || !inside->first.starts_with(path + '/');
}

void Ledger::add(const layout::Plan& plan, const std::vector<std::string>& making) {
  for (const auto& node : plan.nodes) {
    if (const auto* directory = as<layout::Directory>(node)) {
      auto& own = directories_[directory->path];
      own = own || directory->own() || std::find(making.begin(), making.end(), directory->path) != making.end();
    }
    const auto digest = digestOf(node);
    if (!digest) continue;
    const auto [at, fresh] = items_.try_emplace(pathOf(node));
    auto& item = at->second;
    item.link = as<layout::Link>(node) != nullptr;
    // A record without digests matches any content until it is settled.
    if (!fresh && item.digests.empty()) continue;
    std::erase(item.digests, *digest);
    item.digests.push_back(*digest);
    if (item.digests.size() > kDigestLimit) item.digests.erase(item.digests.begin());
  }
}

std::unique_ptr<layout::Intention> Ledger::draft(const layout::Plan& plan, const std::vector<std::string>& making) {
  auto items = items_;
  auto directories = directories_;
  add(plan, making);
  const bool changed = items != items_ || directories != directories_;
  const auto file = changed ? stateFile() : core::Expected<KeyedFile>(KeyedFile());
  items_ = std::move(items);
  directories_ = std::move(directories);
  if (!changed || !file) return nullptr;
  auto text = file->text();
  auto out = std::unique_ptr<layout::Intention>(
      new layout::Intention{text, {stateFile_, KeyedFile::kMode, core::FileDraft::Lasting::UntilBoot}});
  return out->file.write(text) ? std::move(out) : nullptr;
}

core::Status Ledger::intend(const layout::Plan& plan, const std::vector<std::string>& making,
                            layout::Intention* draft) {
  const auto items = items_;
  const auto directories = directories_;
  add(plan, making);
  if (items == items_ && directories == directories_) return {};
  auto saved = save(draft);
  if (!saved) {
    items_ = items;
    directories_ = directories;
  }
  return saved;
}

void Ledger::settle(const layout::Plan& plan, const std::vector<std::string>& making,
                    const std::vector<layout::Change>& done, bool complete) {
  const auto items = items_;
  const auto directories = directories_;
  for (const auto& node : plan.nodes) {
    if (complete && as<layout::Removal>(node)) items_.erase(pathOf(node));
    if (const auto digest = digestOf(node); complete && digest) items_[pathOf(node)].digests = {*digest};
  }
  for (const auto& node : plan.nodes) {
    const auto* directory = as<layout::Directory>(node);
    if (!directory || std::find(making.begin(), making.end(), directory->path) == making.end()) continue;
    const bool made = std::find(done.begin(), done.end(),
                                layout::Change{std::string(layout::kCreateDirectory), directory->path}) != done.end();
    directories_[directory->path] = directory->standard || made;
  }
  if (complete)
    std::erase_if(directories_, [&](const auto& item) {
      return std::none_of(plan.nodes.begin(), plan.nodes.end(),
                          [&](const auto& node) { return as<layout::Directory>(node) && pathOf(node) == item.first; });
    });
  if (items != items_ || directories != directories_)
    if (!save(nullptr) && unsaved_) unsaved_();
}

}  // namespace instances
