// SPDX-License-Identifier: MIT
#include "daemon/layout/present.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <climits>

#include "daemon/layout/tree.hpp"

namespace layout {
namespace {

/// Bytes: more than any template makes, so a longer file is not ours.
constexpr std::size_t kContentLimit = 8 * 1024 * 1024;
constexpr mode_t kSpecial = S_ISUID | S_ISGID;

bool contains(const std::vector<std::string>& digests, const std::string& content) {
  return std::find(digests.begin(), digests.end(), digestOf(content)) != digests.end();
}

/// Files that we write are marked in their first line, with a warning that changes in them are lost.
bool saysItIsOurs(const std::string& content) {
  const auto first = content.substr(0, content.find('\n'));
  return first.starts_with(';') && first.find("written by supervisor-manager from") != std::string::npos;
}

bool hasLine(const std::string& content, const std::string& beginning) {
  return content.starts_with(beginning) || content.find('\n' + beginning) != std::string::npos;
}

}  // namespace

std::string ownerText(uid_t uid) { return uid == 0 ? "root" : fmt::format("uid {}", uid); }

std::optional<std::string> Present::content() const {
  const core::UniqueFd fd(openBelow(parent_, name_.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY));
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  auto text = readAll(fd.get(), kContentLimit);
  return text ? std::optional(std::move(*text)) : std::nullopt;
}

std::string Present::target() const {
  char buffer[PATH_MAX];
  const auto n = S_ISLNK(info_.st_mode) ? ::readlinkat(parent_, name_.c_str(), buffer, sizeof buffer) : 0;
  return {buffer, n > 0 ? static_cast<std::size_t>(n) : 0};
}

bool Present::hasContent(const std::string& wanted) const {
  if (!S_ISREG(info_.st_mode) || info_.st_uid != ours_ || info_.st_size != static_cast<off_t>(wanted.size()))
    return false;
  return content() == wanted;
}

bool Present::isGenerated(const Known& known, const std::string& content) const {
  if (!known.recorded || info_.st_uid != ours_) return false;
  return known.digests.empty() || contains(known.digests, content) || saysItIsOurs(content);
}

std::string Present::foreign(const Known& known) const {
  return fmt::format("belongs to {} and {}: move it away, or set 'adopt_files = yes' in the entry to have it replaced",
                     ownerText(info_.st_uid),
                     known.recorded ? "is not what the manager wrote there" : "was not made by the manager");
}

std::optional<std::string> Present::objectionTo(const File& want) const {
  if (!S_ISREG(info_.st_mode))
    return fmt::format("exists, is not a regular file, and belongs to {}: move it away", ownerText(info_.st_uid));
  const auto text = content();
  if (!text) return foreign(want.known);
  if (isGenerated(want.known, *text) || (info_.st_uid == ours_ && *text == want.content)) return std::nullopt;
  if (want.adoptWith.empty()) return foreign(want.known);
  if ((info_.st_mode & kSpecial) == 0 && hasLine(*text, want.adoptWith)) return std::nullopt;
  return fmt::format("belongs to {} and has no line '{}': 'adopt_files' does not replace it, move it away",
                     ownerText(info_.st_uid), want.adoptWith);
}

std::optional<std::string> Present::objectionTo(const Link& want) const {
  if (want.ours.empty() && S_ISLNK(info_.st_mode)) return std::nullopt;
  if (S_ISLNK(info_.st_mode)) {
    const auto there = target();
    if (there == want.target || want.adopt) return std::nullopt;
    if (want.known.recorded && (contains(want.known.digests, there) || there.starts_with(want.ours + '/')))
      return std::nullopt;
    return fmt::format("is a link to {}, {}", there, foreign(want.known));
  }
  if (!want.adopt) return foreign(want.known);
  const auto text = S_ISREG(info_.st_mode) && (info_.st_mode & kSpecial) == 0 ? content() : std::nullopt;
  if (text && text->starts_with("#!")) return std::nullopt;
  return fmt::format(
      "belongs to {} and is neither a link nor a script: 'adopt_files' does not replace it, move it away",
      ownerText(info_.st_uid));
}

bool Present::isStill(const Removal& removal) const {
  if (removal.what == Removal::What::Link)
    return S_ISLNK(info_.st_mode) && (removal.known.digests.empty() || contains(removal.known.digests, target()));
  if (!S_ISREG(info_.st_mode)) return false;
  const auto text = content();
  return text && isGenerated(removal.known, *text);
}

}  // namespace layout
