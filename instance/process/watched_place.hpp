// SPDX-License-Identifier: MIT
#pragma once

#include <dirent.h>
#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "instance/process/path_watcher.hpp"
#include "instance/process/watched_way.hpp"

namespace process {

/// One path that a PathWatcher watches: each directory on the way to it, whatever symbolic links lead there, and what
/// it leads to: a file, or a directory with all below it. In that tree no link is followed.
class WatchedPlace {
 public:
  /// More directories of one tree are not watched.
  static constexpr std::size_t kMostDirectories = 8192;

  /// What may be done in one turn of the loop.
  struct Budget {
    int directories = 64;
    int names = 4096;
    [[nodiscard]] bool spent() const noexcept { return directories <= 0 || names <= 0; }
  };
  struct Event {
    int number;                    ///< of the kernel's watch
    std::uint32_t mask;            ///< of inotify(7)
    std::string_view name;         ///< in the directory; empty: the directory or file itself
    const std::string* directory;  ///< of the tree; nullptr: it is not one of the tree
  };

  /// Finds out where the path leads now.
  WatchedPlace(PathWatcher& watcher, std::string path, std::vector<std::string> ignored);
  ~WatchedPlace();
  WatchedPlace(const WatchedPlace&) = delete;
  WatchedPlace& operator=(const WatchedPlace&) = delete;

  void add(PathWatcher::Listener& listener) { listeners_.push_back(&listener); }
  void remove(PathWatcher::Listener& listener) noexcept;

  /// As PathWatcher::Watch::mark().
  [[nodiscard]] std::string mark() const;
  /// As PathWatcher::Watch::content().
  [[nodiscard]] std::string content() const;

  /// For the watcher.
  void onEvent(const Event& event);
  /// Where does the path lead now, if something on the way has changed.
  void lookIfNeeded();
  /// The same in any case, and the whole tree is read again. That counts as a change.
  void lookAgain() noexcept;
  void work(Budget& budget);
  [[nodiscard]] bool busy() const noexcept { return look_ || open_ || !unread_.empty(); }

 private:
  /// A name in a directory on the way.
  struct Link {
    PathWatcher::Use use;
    std::string directory;
    std::string name;
  };
  /// Where the path leads.
  struct Target {
    std::string path;  ///< without symbolic links; empty: it leads nowhere
    bool isDirectory = false;
    std::uint64_t device = 0, inode = 0;
    std::int64_t changed = 0;  ///< of a file, when its inode was last changed, in nanoseconds
    way::LinkOwners owners{};  ///< of the links that lead there
    bool operator==(const Target&) const = default;
  };
  struct Closer {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
  };

  void look();
  [[nodiscard]] Target follow(std::vector<Link>& way, PathWatcher::Use& file);
  [[nodiscard]] Target hidden(const std::string& path, const way::LinkOwners& from) noexcept;
  [[nodiscard]] PathWatcher::Use onWay(int directory, const std::string& path, bool last);
  void seenOnWay(const Link& link, const Event& event);
  void seenInTree(const std::string& directory, const Event& event);
  void readLater(std::string path);
  void dropTree(const std::string& path) noexcept;
  void readDirectories(Budget& budget);
  void beginReading(const std::string& path);
  void readNames(Budget& budget);
  void readingEnded();
  void refused(int code, const std::string& path);
  [[nodiscard]] bool ignores(const char* name) const noexcept;
  void tell(std::string_view path) noexcept;

  PathWatcher& watcher_;
  const std::string path_;
  const std::vector<std::string> ignored_;
  std::vector<PathWatcher::Listener*> listeners_;
  std::vector<Link> way_;
  Target target_;
  PathWatcher::Use file_;                         ///< of the target, if that is a file
  std::map<std::string, PathWatcher::Use> tree_;  ///< its directories by path
  std::set<std::string> unread_;                  ///< directories of which we do not know yet what is in them
  std::unique_ptr<DIR, Closer> open_;             ///< the one that is being read
  std::string openPath_;
  std::string changedTree_;  ///< it is read because this has changed, which is reported when all is read; empty: no
  std::string why_;          ///< what has changed on the way
  bool look_ = false;        ///< something on the way has changed
  bool created_ = false;     ///< and that was nothing but a new file, which is still being written
  bool complained_ = false;  ///< once is enough, since others may be able to cause it again and again
  bool hidden_ = false;      ///< the same of where a link must not lead
  bool mentioned_ = false;   ///< the same of what cannot be read
  std::size_t unreadable_ = 0;
  std::string firstUnreadable_;
};

}  // namespace process
