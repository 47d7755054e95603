// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <vector>

#include "lib/core/event_loop.hpp"
#include "lib/core/task.hpp"
#include "lib/core/unique_fd.hpp"

namespace core {

/// Brings the content of many files to the disk together, for the price of few: the file system writes them in one
/// commit. Files that come in consecutive turns of the loop form a group, of at most kMost. Only these files are waited
/// for, never the whole file system, which others may be writing to.
class GroupSync {
 public:
  /// Each file of a group holds a descriptor while it waits.
  static constexpr std::size_t kMost = 64;

  explicit GroupSync(EventLoop& loop) : timer_(loop, [this] { onTurn(); }) {}

  /// Waits until what was written to `fd` is on the disk. Returns 0, or the errno of fsync(2). The descriptor is
  /// duplicated, so that the caller may end while it waits.
  Task<int> sync(int fd);

 private:
  struct Request {
    UniqueFd fd;
    Completion<int> done;
  };
  void onTurn();
  void finishSome();

  std::vector<Request> gathering_;
  std::deque<Request> syncing_;
  std::size_t seen_ = 0;  // of those that are gathered: came before the last turn
  Timer timer_;
};

}  // namespace core
