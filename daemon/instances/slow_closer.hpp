// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <vector>

#include "lib/core/event_loop.hpp"
#include "lib/core/reaper.hpp"
#include "lib/core/unique_fd.hpp"

namespace instances {

/// Another process that has what is closed here open as well, and is asked to close it: systemd, with its store.
class OtherHolder {
 public:
  virtual ~OtherHolder() = default;
  /// Lets it close its copy of `until` when it has closed all that it was asked to. False: not now, again in a while.
  virtual bool pass(int until) = 0;
};

/// Closes pipes and memfds of an owner without waiting for it. Whoever closes a pipe last waits until no process is in
/// the middle of a write to it, and an owner can let a write last for ever (from a page of a file system that does not
/// answer). So a helper holds them while the manager closes its own, and closes them last. There is one helper at a
/// time: an owner whose pipe holds it up keeps only what it sent itself open. The helper also waits until another
/// process has closed its copies: what the owner's pipe holds up must never be systemd.
class SlowCloser {
 public:
  /// `held` counts the descriptors that are still open here. `other`: null if nobody else can have them.
  SlowCloser(core::EventLoop& loop, core::Reaper& reaper, std::size_t& held, OtherHolder* other = nullptr)
      : loop_(loop), reaper_(reaper), held_(held), other_(other) {}
  /// A last helper closes what is left.
  ~SlowCloser();
  SlowCloser(const SlowCloser&) = delete;
  SlowCloser& operator=(const SlowCloser&) = delete;

  /// Takes over `fd`, a pipe, a memfd or a socket: other files can hold up every close, not only the last.
  void close(core::UniqueFd fd);
  /// Descriptors that are still open here.
  [[nodiscard]] std::size_t waiting() const noexcept { return doomed_.size(); }
  void addTo(std::vector<int>& fds) const {
    for (const auto& fd : doomed_) fds.push_back(fd.get());
  }

 private:
  void run();
  void release();

  core::EventLoop& loop_;
  core::Reaper& reaper_;
  std::size_t& held_;
  OtherHolder* other_;
  std::vector<core::UniqueFd> doomed_;
  std::unique_ptr<core::Timer> timer_;
  pid_t helper_ = 0;
  core::UniqueFd until_;  ///< of the helper; invalid as soon as the other holder has a copy
};

/// Before an exec, which closes `fds`: a helper holds them until the returned descriptor is closed, by the exec too,
/// and closes them last. Invalid if there can be no helper.
[[nodiscard]] core::UniqueFd holdOverExec(std::vector<int> fds);

}  // namespace instances
