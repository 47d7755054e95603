// SPDX-License-Identifier: MIT
#include "lib/core/group_sync.hpp"

#include <fcntl.h>

#include <utility>

#include "lib/core/files.hpp"

namespace core {
namespace {

/// Of one turn of the loop.
constexpr auto kLongest = milliseconds(5);

}  // namespace

Task<int> GroupSync::sync(int fd) {
  UniqueFd own(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
  // Few descriptors must not be held, and neither must many: then it is one file after the other.
  if (!own || gathering_.size() >= kMost || isAmongTheLast(own.get(), kKeptForPrograms)) co_return syncFile(fd);
  co_return co_await completes<int>([&](Completion<int> done) {
    gathering_.push_back({std::move(own), std::move(done)});
    if (!timer_.armed()) timer_.arm(Clock::now());
  });
}

/// The group is complete when a turn of the loop has brought no further file.
void GroupSync::onTurn() {
  const bool complete = gathering_.size() >= kMost || gathering_.size() == std::exchange(seen_, gathering_.size());
  if (syncing_.empty() && complete) {
    // Started for all first: the blocks that a file system assigns only now then belong to the same commit.
    for (const auto& request : gathering_) ::sync_file_range(request.fd.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
    for (auto& request : gathering_) syncing_.push_back(std::move(request));
    gathering_.clear();
    seen_ = 0;
  }
  finishSome();
  if (!syncing_.empty() || !gathering_.empty()) timer_.arm(Clock::now());
}

/// The first of a group waits for the commit; most of the others are on the disk by then.
void GroupSync::finishSome() {
  const auto end = Clock::now() + kLongest;
  while (!syncing_.empty()) {
    auto request = std::move(syncing_.front());
    syncing_.pop_front();
    const int code = syncFile(request.fd.get());
    request.fd.reset();
    request.done(code);  // continues who waits, which takes a while itself
    if (Clock::now() >= end) break;
  }
}

}  // namespace core
