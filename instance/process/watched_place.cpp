// SPDX-License-Identifier: MIT
#include "instance/process/watched_place.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fnmatch.h>
#include <sys/inotify.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <utility>

#include "instance/process/watched_way.hpp"
#include "lib/core/log.hpp"
#include "lib/core/terminal_text.hpp"

namespace process {
namespace {

constexpr std::uint32_t kEntries = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
constexpr std::uint32_t kItself = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT;
constexpr std::uint32_t kInTree = kEntries | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

std::string joined(const std::string& directory, std::string_view name) {
  return (directory == "/" ? std::string() : directory) + "/" + std::string(name);
}

}  // namespace

WatchedPlace::WatchedPlace(PathWatcher& watcher, std::string path, std::vector<std::string> ignored)
    : watcher_(watcher), path_(std::move(path)), ignored_(std::move(ignored)) {
  look();
}

WatchedPlace::~WatchedPlace() {
  way_.clear();
  file_.reset();
  tree_.clear();
  watcher_.forget(*this);
}

void WatchedPlace::remove(PathWatcher::Listener& listener) noexcept { std::erase(listeners_, &listener); }

std::string WatchedPlace::mark() const {
  return target_.path.empty() ? "" : fmt::format("{}:{}:{}", target_.device, target_.inode, target_.path);
}

std::string WatchedPlace::content() const {
  struct stat about {};
  if (target_.path.empty() || target_.isDirectory || ::lstat(target_.path.c_str(), &about) != 0) return {};
  return fmt::format("{}:{}", way::nanoseconds(about.st_mtim), about.st_size);
}

bool WatchedPlace::ignores(const char* name) const noexcept {
  return std::any_of(ignored_.begin(), ignored_.end(),
                     [&](const std::string& pattern) { return ::fnmatch(pattern.c_str(), name, 0) == 0; });
}

void WatchedPlace::tell(std::string_view path) noexcept {
  for (auto* const listener : listeners_) listener->changed(path);
}

void WatchedPlace::onEvent(const Event& event) {
  for (const auto& link : way_)
    if (link.use.number() == event.number) seenOnWay(link, event);
  if (file_.number() == event.number) {
    if ((event.mask & kItself) != 0) look_ = true;
    if ((event.mask & IN_CLOSE_WRITE) != 0 || ((event.mask & IN_ATTRIB) != 0 && way::isTouched(target_.path)))
      tell(target_.path);
  }
  if (event.directory != nullptr) seenInTree(*event.directory, event);
  if (look_) watcher_.wake();
}

void WatchedPlace::seenOnWay(const Link& link, const Event& event) {
  if (event.name.empty()) {
    if ((event.mask & (kItself | IN_IGNORED)) == 0) return;
    look_ = true;
    created_ = false;
    if (why_.empty()) why_ = link.directory;
    return;
  }
  if (event.name != link.name) return;
  auto path = joined(link.directory, event.name);
  const bool last = &link == &way_.back();
  if (last && !target_.isDirectory && (event.mask & IN_CLOSE_WRITE) != 0) tell(path);
  if ((event.mask & kEntries) == 0) return;
  const bool writing = last && (event.mask & (IN_CREATE | IN_ISDIR)) == IN_CREATE && way::isBeingWritten(path);
  created_ = writing && (created_ || !look_);
  look_ = true;
  if (why_.empty()) why_ = std::move(path);
}

void WatchedPlace::seenInTree(const std::string& directory, const Event& event) {
  if (event.name.empty()) {
    if ((event.mask & IN_ATTRIB) != 0 && way::isTouched(directory)) tell(directory);
    if ((event.mask & kItself) != 0 && directory == target_.path) look_ = true;
    if ((event.mask & (IN_DELETE_SELF | IN_UNMOUNT | IN_IGNORED)) != 0) dropTree(std::string(directory));
    return;
  }
  const std::string name(event.name);
  if (ignores(name.c_str())) return;
  auto path = joined(directory, name);
  if ((event.mask & IN_ISDIR) != 0) {
    if ((event.mask & kEntries) == 0) return;  // of itself, which its own watch reports
    if ((event.mask & (IN_DELETE | IN_MOVED_FROM)) != 0) dropTree(path);
    tell(path);
    if ((event.mask & (IN_CREATE | IN_MOVED_TO)) == 0) return;
    changedTree_ = path;
    return readLater(std::move(path));
  }
  if ((event.mask & IN_CREATE) != 0 && way::isBeingWritten(path)) return;
  if ((event.mask & IN_ATTRIB) != 0 && !way::isTouched(path)) return;
  tell(path);
}

/// A directory of the tree is to be watched.
void WatchedPlace::readLater(std::string path) {
  if (unread_.size() + tree_.size() < kMostDirectories) {
    unread_.insert(std::move(path));
    return watcher_.wake();
  }
  if (!std::exchange(complained_, true))
    logging::warn("watch: {} has more than {} directories; changes in the others are not noticed",
                  core::printable(path_), kMostDirectories);
}

void WatchedPlace::dropTree(const std::string& path) noexcept {
  tree_.erase(path);
  unread_.erase(path);
  try {
    const auto below = joined(path, "");
    const auto isBelow = [&](std::string_view one) { return one.starts_with(below); };
    for (auto at = tree_.lower_bound(below); at != tree_.end() && isBelow(at->first);) at = tree_.erase(at);
    for (auto at = unread_.lower_bound(below); at != unread_.end() && isBelow(*at);) at = unread_.erase(at);
  } catch (const std::exception&) {
    tree_.clear();
    lookAgain();
  }
}

void WatchedPlace::lookIfNeeded() {
  if (look_) look();
}

void WatchedPlace::lookAgain() noexcept {
  tree_.clear();
  unread_.clear();
  open_.reset();
  target_ = {};
  look_ = true;
  created_ = false;
  tell(path_);
}

/// Where the path leads now. The new watches begin before the old ones end, since some may be the same.
void WatchedPlace::look() {
  look_ = false;
  const bool written = std::exchange(created_, false);
  const auto why = std::exchange(why_, {});
  std::vector<Link> way;
  PathWatcher::Use file;
  auto target = follow(way, file);
  const bool first = way_.empty();
  way_.swap(way);
  file_ = std::move(file);
  // A new directory may have the inode of one that was removed: then the watch of that one has ended.
  const bool watched = !target.isDirectory || tree_.contains(target.path) || unread_.contains(target.path);
  if (target == target_ && watched) return;
  target_ = std::move(target);
  tree_.clear();
  unread_.clear();
  open_.reset();
  changedTree_.clear();
  if (target_.isDirectory) {
    unread_.insert(target_.path);
    if (!first) changedTree_ = why;
    watcher_.wake();
  }
  if (!first && !written) tell(why.empty() ? path_ : why);
}

/// A directory on the way: what happens to its names matters, and of the last one also what is written.
PathWatcher::Use WatchedPlace::onWay(int directory, const std::string& path, bool last) {
  auto use = watcher_.add(*this, way::pathOf(directory),
                          kEntries | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | (last ? IN_CLOSE_WRITE : 0U));
  if (use) return std::move(use).value();
  refused(use.error(), path);
  return {};
}

/// Each directory is watched before its name is looked up, so that a later change is seen.
WatchedPlace::Target WatchedPlace::follow(std::vector<Link>& way, PathWatcher::Use& file) {
  way::Walk walk(path_);
  while (walk.more()) {
    const auto name = walk.next();
    if (name == "..") {
      if (!walk.up()) return hidden(walk.hidden(), walk.owners());
      continue;
    }
    way.push_back({onWay(walk.directory(), walk.path(), !walk.more()), walk.path(), name});
    struct stat about {};
    if (::fstatat(walk.directory(), name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) return {};
    if (S_ISLNK(about.st_mode)) {
      if (!walk.follow(name)) return hidden(walk.hidden(), walk.owners());
      continue;
    }
    if (S_ISDIR(about.st_mode)) {
      if (!walk.enter(name)) return hidden(walk.hidden(), walk.owners());
      continue;
    }
    if (walk.more()) return {};
    auto use = watcher_.add(*this, joined(way::pathOf(walk.directory()), name),
                            IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_DONT_FOLLOW);
    if (use) file = std::move(use).value();
    return {joined(walk.path(), name),       false,        about.st_dev, about.st_ino,
            way::nanoseconds(about.st_ctim), walk.owners()};
  }
  struct stat about {};
  if (::fstat(walk.directory(), &about) != 0) return {};
  if (!walk.owners().mayList(about)) return hidden(walk.path(), walk.owners());
  return {walk.path(), true, about.st_dev, about.st_ino, 0, walk.owners()};
}

/// It leads nowhere; with a warning if `path` is not empty.
WatchedPlace::Target WatchedPlace::hidden(const std::string& path, const way::LinkOwners& from) noexcept {
  if (!path.empty() && !std::exchange(hidden_, true))
    logging::attempt([&] {
      logging::warn(
          "watch: {}: {} is not watched: a symbolic link of uid {} leads there, which neither owns it nor may look "
          "into it",
          core::printable(path_), core::printable(path), from.last());
    });
  return {};
}

void WatchedPlace::refused(int code, const std::string& path) {
  if (code == ENOENT || code == ENOTDIR || code == ELOOP) return;  // it is gone, which is reported
  if (code == EACCES && !std::exchange(mentioned_, true))
    logging::info("watch: {}: cannot watch {}: Permission denied; what happens to the names in it is not noticed",
                  core::printable(path_), core::printable(path));
  if (code == EACCES || std::exchange(complained_, true)) return;
  if (code == ENOSPC)
    logging::warn("watch: cannot watch all of {}: no watch is left; raise fs.inotify.max_user_watches with sysctl(8)",
                  core::printable(path_));
  else
    logging::warn("watch: cannot watch {}: {}", core::printable(path), ::strerrordesc_np(code));
}

void WatchedPlace::work(Budget& budget) {
  lookIfNeeded();
  if (!busy()) return;
  readDirectories(budget);
  if (!busy()) readingEnded();
}

void WatchedPlace::readDirectories(Budget& budget) {
  while (!budget.spent() && (open_ || !unread_.empty())) {
    if (!open_) {
      --budget.directories;
      beginReading(std::string(*unread_.begin()));
    }
    if (open_) readNames(budget);
  }
}

/// Watches one directory, and opens it to find those in it.
void WatchedPlace::beginReading(const std::string& path) {
  unread_.erase(path);
  core::UniqueFd fd = way::openDirectory(path);
  int code = fd ? 0 : errno;
  if (fd && !target_.owners.mayList(fd.get())) code = EACCES;
  if (code == 0) {
    const auto at = tree_.try_emplace(path).first;
    at->second.reset();
    auto use = watcher_.add(*this, way::pathOf(fd.get()), kInTree, &at->first);
    if (use) {
      at->second = std::move(use).value();
    } else {
      code = use.error();
      tree_.erase(at);
    }
  }
  if ((code == EACCES || code == EPERM) && unreadable_++ == 0) firstUnreadable_ = path;
  if (code == ENOSPC) unread_.clear();
  // EEXIST: it is mounted at two places of the tree, and watched at one of them.
  if (code != 0 && code != EEXIST && code != EACCES && code != EPERM) refused(code, path);
  if (code != 0) return;
  openPath_ = path;
  open_.reset(::fdopendir(fd.get()));
  if (open_) (void)fd.release();
}

void WatchedPlace::readNames(Budget& budget) {
  while (budget.names > 0) {
    const auto* const entry = ::readdir(open_.get());
    if (entry == nullptr) return open_.reset();
    --budget.names;
    const std::string_view name = entry->d_name;
    if (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN) continue;
    if (name == "." || name == ".." || ignores(entry->d_name)) continue;
    if (entry->d_type == DT_UNKNOWN) {
      struct stat about {};
      if (::fstatat(::dirfd(open_.get()), entry->d_name, &about, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(about.st_mode))
        continue;
    }
    readLater(joined(openPath_, name));
  }
}

/// All of the tree is watched.
void WatchedPlace::readingEnded() {
  if (const auto count = std::exchange(unreadable_, 0); count > 0 && !std::exchange(mentioned_, true))
    logging::info("watch: {}: {} {} cannot be read, such as {}; changes in it are not noticed", core::printable(path_),
                  count, count == 1 ? "directory" : "directories", core::printable(firstUnreadable_));
  if (const auto why = std::exchange(changedTree_, {}); !why.empty()) tell(why);
}

}  // namespace process
