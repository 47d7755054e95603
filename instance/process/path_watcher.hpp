// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "lib/core/event_loop.hpp"
#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"

namespace process {

class WatchedPlace;

/// Reports changes of files and directories, by one inotify descriptor for all programs. It exists while something is
/// watched. No file is opened or read, only directories are.
///
/// Events are read in bunches: whoever changes files in a loop keeps it busy for a small part of the time only. What
/// takes long, a tree of many directories, is done in pieces between which the loop does other things.
class PathWatcher {
 public:
  /// Hears of changes. Not from inside a step of a program, except during watch() and catchUp().
  class Listener {
   public:
    /// The absolute path of what has changed.
    virtual void changed(std::string_view path) noexcept = 0;

   protected:
    ~Listener() = default;
  };

  /// Watches a path for a listener as long as it lives.
  class Watch {
   public:
    Watch(std::shared_ptr<WatchedPlace> place, Listener& listener) noexcept;
    ~Watch();
    Watch(Watch&& other) noexcept = default;
    Watch& operator=(Watch&&) = delete;
    /// What the path leads to, but not what is in it: for a successor, whose mark differs if another file or directory
    /// is there.
    [[nodiscard]] std::string mark() const;
    /// If it leads to a file: when that was last written, and its size. Else empty.
    [[nodiscard]] std::string content() const;

   private:
    std::shared_ptr<WatchedPlace> place_;
    Listener* listener_;
  };

  /// One use of a watch of the kernel by a place.
  class Use {
   public:
    Use() = default;
    Use(PathWatcher& watcher, WatchedPlace& place, int number, bool ofTree) noexcept
        : watcher_(&watcher), place_(&place), number_(number), ofTree_(ofTree) {}
    ~Use() { reset(); }
    Use(Use&& other) noexcept { *this = std::move(other); }
    Use& operator=(Use&& other) noexcept;
    [[nodiscard]] int number() const noexcept { return number_; }  ///< -1: nothing is watched
    void reset() noexcept;

   private:
    PathWatcher* watcher_ = nullptr;
    WatchedPlace* place_ = nullptr;
    int number_ = -1;
    bool ofTree_ = false;
  };

  explicit PathWatcher(core::EventLoop& loop);
  ~PathWatcher();
  PathWatcher(const PathWatcher&) = delete;
  PathWatcher& operator=(const PathWatcher&) = delete;

  /// Watches `path`, absolute, a file or a directory with all below it, whether it is there or not. The names that one
  /// of the patterns `ignored` matches do not count. The same path with the same patterns is watched once.
  core::Status watch(const std::string& path, const std::vector<std::string>& ignored, Listener& listener,
                     std::vector<Watch>& out);
  /// Takes in what has happened until now. Also from inside a step.
  void catchUp() noexcept;
  /// Whether nothing is watched and nothing is open.
  [[nodiscard]] bool idle() const noexcept { return places_.empty() && !inotify_; }
  /// How many watches of the kernel there are.
  [[nodiscard]] std::size_t watches() const noexcept { return uses_.size(); }
  /// Whether all is watched that there is to watch. Reading a tree takes several turns of the loop.
  [[nodiscard]] bool settled() const noexcept;

  /// For places. `path` is that of a directory that is open, or of what is in it. `directory`: of a tree, its path,
  /// which must live as long as the use. The error is the errno; EEXIST: the place has that directory in its tree
  /// already.
  core::Result<Use, int> add(WatchedPlace& place, const std::string& path, std::uint32_t mask,
                             const std::string* directory = nullptr);
  /// For a place: it has something to do.
  void wake() noexcept { work_.armIn({}); }
  /// For a place that is about to be destroyed.
  void forget(const WatchedPlace& place) noexcept;

 private:
  struct User {
    WatchedPlace* place;
    int times;                     ///< how many uses it has
    const std::string* directory;  ///< of the one that is of a tree; nullptr: none is
  };
  struct Seen;
  core::Status open();
  void drop(const WatchedPlace& place, int number, bool ofTree) noexcept;
  bool read();
  void onReadable();
  void deliver(const Seen& seen);
  void lost() noexcept;
  void work();

  using Key = std::pair<std::string, std::vector<std::string>>;
  core::UniqueFd inotify_;
  std::map<Key, std::weak_ptr<WatchedPlace>> byKey_;
  std::vector<WatchedPlace*> places_;
  std::unordered_map<int, std::vector<User>> uses_;
  bool lost_ = false;            ///< events: every place has to look again
  core::Instant lookedAgain_{};  ///< when they did
  core::IoWatch watch_;
  core::Timer resume_;  ///< reading
  core::Timer work_;
};

}  // namespace process
