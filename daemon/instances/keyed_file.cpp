// SPDX-License-Identifier: MIT
#include "daemon/instances/keyed_file.hpp"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>

#include "lib/core/files.hpp"
#include "lib/core/text.hpp"

namespace instances {

namespace {

/// Lines of most files.
constexpr std::size_t kMany = 20;

struct ByKey {
  using Line = std::pair<std::string, std::string>;
  bool operator()(const Line& line, const std::string& key) const { return line.first < key; }
  bool operator()(const std::string& key, const Line& line) const { return key < line.first; }
};

/// The content of a file that belongs to this process's user and has none of the bits `forbidden` in its mode. It
/// decides what a privileged manager does: a link, or a file that others can write, is not read.
std::optional<std::string> contentOf(const std::string& path, mode_t forbidden) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode) || info.st_uid != ::geteuid() ||
      (info.st_mode & forbidden))
    return std::nullopt;
  auto text = core::readFile(path, 1024 * 1024);
  return text ? std::optional(std::move(*text)) : std::nullopt;
}

}  // namespace

KeyedFile KeyedFile::read(const std::string& path) {
  KeyedFile out;
  const auto text = contentOf(path, S_IWGRP | S_IWOTH);
  if (!text) return out;
  for (const auto& line : core::split(*text, '\n'))
    if (const auto equals = line.find('='); equals != std::string::npos)
      out.add(line.substr(0, equals), line.substr(equals + 1));
  return out;
}

std::string KeyedFile::text() const {
  std::size_t size = 0;
  for (const auto& [key, value] : lines_) size += key.size() + value.size() + 2;
  std::string text;
  text.reserve(size);
  for (const auto& [key, value] : lines_) {
    text.append(key).append(1, '=');
    const auto start = static_cast<std::ptrdiff_t>(text.size());
    text.append(value).append(1, '\n');
    std::replace(text.begin() + start, text.end() - 1, '\n', ' ');
  }
  return text;
}

core::Status KeyedFile::write(const std::string& path) const {
  const auto wanted = text();
  if (contentOf(path, 07777 & ~kMode) == wanted) return {};
  return core::writeFileAtomically(path, wanted, kMode);
}

core::Status KeyedFile::writeUntilBoot(const std::string& path) const {
  return core::writeFileAtomically(path, text(), kMode, core::FileDraft::Lasting::UntilBoot);
}

std::string KeyedFile::get(const std::string& key) const {
  const auto [begin, end] = std::equal_range(lines_.begin(), lines_.end(), key, ByKey());
  return begin == end ? std::string() : std::prev(end)->second;
}

long long KeyedFile::number(const std::string& key) const { return core::parseInteger(get(key)).value_or(0); }

std::vector<std::string> KeyedFile::all(const std::string& key) const {
  const auto [begin, end] = std::equal_range(lines_.begin(), lines_.end(), key, ByKey());
  std::vector<std::string> out;
  for (auto at = begin; at != end; ++at) out.push_back(at->second);
  return out;
}

void KeyedFile::erase(const std::string& key) {
  const auto [begin, end] = std::equal_range(lines_.begin(), lines_.end(), key, ByKey());
  lines_.erase(begin, end);
}

void KeyedFile::set(const std::string& key, std::string value) {
  erase(key);
  add(key, std::move(value));
}

void KeyedFile::add(const std::string& key, std::string value) {
  if (lines_.empty()) lines_.reserve(kMany);
  lines_.emplace(std::upper_bound(lines_.begin(), lines_.end(), key, ByKey()), key, std::move(value));
}

std::vector<std::string> filesIn(const std::string& directory) {
  std::vector<std::string> out, unfinished;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(directory.c_str()), ::closedir);
  while (const dirent* item = dir ? ::readdir(dir.get()) : nullptr)
    (item->d_name[0] == '.' ? unfinished : out).emplace_back(item->d_name);
  for (const auto& name : unfinished) ::unlink((directory + '/' + name).c_str());  // not . and ..
  return out;
}

}  // namespace instances
