// SPDX-License-Identifier: MIT
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "instance/process/census.hpp"
#include "lib/core/clock.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/process_family.hpp"
#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"

namespace process {

/// What is left of the process group of a program whose own process has ended: finds out when the group is empty. It is
/// created when the program is asked to end, since afterwards nothing may fail for lack of memory. Once it has begun,
/// it looks at growing intervals, from a millisecond on, since most groups end within milliseconds. After that it holds
/// a pidfd of one member that lives, and sleeps until that member ends. Zombies do not count: their parent may never
/// reap them.
class Remains {
 public:
  /// `ended` is called when a member has ended: isEmpty() may be true then.
  /// `family`: it waits for that instead of the group.
  Remains(core::EventLoop& loop, Census& census, std::optional<core::ProcessFamily> family,
          std::function<void()> ended);

  /// The leader of `group` in `session` has ended with `waitStatus`, and is reaped before the first look. 0: the
  /// session is not known.
  void begin(pid_t group, pid_t session, int waitStatus) noexcept;
  /// Whether the leader is a zombie of ours for now, so that the group has its number.
  void setLeaderUnreaped(bool unreaped) noexcept { leaderUnreaped_ = unreaped; }
  [[nodiscard]] bool begun() const noexcept { return group_ != 0; }
  [[nodiscard]] int waitStatus() const noexcept { return waitStatus_; }
  [[nodiscard]] pid_t session() const noexcept { return session_; }
  /// Looks, if it is time to. Without memory it returns false, and a later look finds out.
  [[nodiscard]] bool isEmpty() noexcept;
  /// When isEmpty() is to be asked again; nullopt: `ended` will be called.
  [[nodiscard]] std::optional<core::Instant> nextLook() const noexcept;
  /// Sends a signal to what is left; fails (EPERM) if nobody could be signalled.
  core::Status signal(int signo) noexcept;
  core::Status kill() noexcept { return signal(SIGKILL); }

  /// For what a program left behind that ended by itself: the last step of its stop, whether that was SIGKILL, and when
  /// the next one follows, or to give up. 0: never.
  void setKillAt(core::Instant when, int step = 0, bool killed = false) noexcept {
    killAt_ = when;
    step_ = step;
    killed_ = killed;
  }
  /// The control group of the family, which the caller keeps open; -1: none.
  void setGroup(int group) noexcept {
    if (family_) family_->group = group;
  }
  [[nodiscard]] core::Instant killAt() const noexcept { return killAt_; }
  [[nodiscard]] int step() const noexcept { return step_; }
  [[nodiscard]] bool killed() const noexcept { return killed_; }
  /// When the leader has ended.
  [[nodiscard]] core::Instant endedAt() const noexcept { return endedAt_; }
  void setEndedAt(core::Instant when) noexcept { endedAt_ = when; }

 private:
  [[nodiscard]] bool onlyZombies();
  [[nodiscard]] bool familyIsEmpty();
  [[nodiscard]] bool controlGroupIsEmpty();
  [[nodiscard]] bool holdOneOf(const std::vector<pid_t>& members);
  void hold(core::UniqueFd member) noexcept;
  void letGo() noexcept;

  core::EventLoop& loop_;
  Census& census_;
  std::unique_ptr<core::ProcessFamily> family_;  ///< nullptr: it is the group
  std::function<void()> ended_;
  core::UniqueFd member_;
  std::optional<core::IoWatch> watch_;
  core::Duration pause_{};
  core::Instant next_{};
  core::Instant zombiesAt_{};  ///< the census in which all were zombies
  core::Instant emptyAt_{};    ///< the last one in which nobody of the family was
  core::Instant endedAt_{};
  core::Instant killAt_{};
  int empty_ = 0;  ///< searches in a row that found nobody of the family
  pid_t group_ = 0;
  pid_t session_ = 0;
  int waitStatus_ = 0;
  int step_ = 0;
  bool killed_ = false;
  bool leaderUnreaped_ = false;
};

}  // namespace process
