// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <deque>
#include <optional>
#include <utility>

#include "lib/core/event_loop.hpp"
#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"

namespace instances {

/// Tells an instance how processes ended that it took over from a copy that crashed: they are children of the manager,
/// which alone can ask for their exit status. Each message is "EXITED=PID STATUS", with the status of waitpid(2). What
/// the instance does not read is kept, up to a limit.
class ExitLink {
 public:
  /// The two ends of a new link: ours, and the one that every copy of the instance gets. As long as we have both, a
  /// message that one copy did not read is there for the next one.
  struct Ends {
    core::UniqueFd ours;
    core::UniqueFd theirs;
  };
  [[nodiscard]] static core::Expected<Ends> makeEnds();
  /// Whether a descriptor is an end that makeEnds() has made, by its type.
  [[nodiscard]] static bool isEnd(int fd) noexcept;

  ExitLink(core::EventLoop& loop, core::UniqueFd ours);
  void ended(pid_t pid, int status);
  /// Ends that could not be kept any more, since the instance does not read, or has shut its end down.
  [[nodiscard]] std::size_t lost() const noexcept { return lost_; }

 private:
  [[nodiscard]] bool send(pid_t pid, int status);
  void flush();

  core::UniqueFd ours_;
  std::deque<std::pair<pid_t, int>> waiting_;
  std::size_t lost_ = 0;
  core::IoWatch watch_;
};

}  // namespace instances
