// SPDX-License-Identifier: MIT
#include "instance/process/remains.hpp"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <utility>

#include "lib/core/cgroup.hpp"
#include "lib/core/process_groups.hpp"

namespace process {
namespace {

constexpr core::milliseconds kFirstPause{1};
/// From this pause on it reads /proc, to find a member whose end it can wait for.
constexpr core::milliseconds kPatience{32};
/// For what cannot be held: /proc does not show it, or the kernel has no pidfd_open.
constexpr core::seconds kLongestPause{1};

}  // namespace

Remains::Remains(core::EventLoop& loop, Census& census, std::optional<core::ProcessFamily> family,
                 std::function<void()> ended)
    : loop_(loop),
      census_(census),
      family_(family ? std::make_unique<core::ProcessFamily>(*family) : nullptr),
      ended_(std::move(ended)) {}

void Remains::begin(pid_t group, pid_t session, int waitStatus) noexcept {
  group_ = group;
  session_ = session;
  waitStatus_ = waitStatus;
  pause_ = kFirstPause;
  endedAt_ = core::Clock::now();
  next_ = endedAt_ + kFirstPause;
  if (family_) family_->ended = true;
}

std::optional<core::Instant> Remains::nextLook() const noexcept { return watch_ ? std::nullopt : std::optional(next_); }

bool Remains::isEmpty() noexcept {
  const auto now = core::Clock::now();
  if (watch_) {
    if (!core::hasEnded(member_.get())) return false;
    letGo();
    pause_ = kFirstPause;  // the others of the group are about to end, too
    next_ = now + pause_;
  }
  if (!family_ && !core::outlivesItsLeader(group_)) return true;
  if (now < next_) return false;
  try {
    if (family_ ? familyIsEmpty() : pause_ >= kPatience && onlyZombies()) return true;
  } catch (const std::exception&) {  // out of memory for the census: a later look takes it
  }
  pause_ = std::min<core::Duration>(2 * pause_, kLongestPause);
  next_ = now + pause_;
  return false;
}

/// Holds a member that lives. If it finds only zombies, a second census has to confirm that: while /proc was being
/// read, a member may have forked a process that the reader had already passed, and ended.
bool Remains::onlyZombies() {
  bool zombie = false;
  const bool lives = census_.any(group_, [&](pid_t pid) {
    auto member = core::openMember(pid, group_, session_);
    if (member) hold(std::move(*member));
    zombie = !member && member.error().code == ESRCH;
    return !zombie;
  });
  if (lives || !zombie) return false;
  const bool before = zombiesAt_ != core::Instant() && zombiesAt_ != census_.takenAt();
  zombiesAt_ = census_.takenAt();
  return before;
}

/// Holds a member. That nobody is left has to be confirmed twice: while /proc was being read, a member may have forked
/// a process that the reader had already passed, and ended.
bool Remains::familyIsEmpty() {
  if (!controlGroupIsEmpty()) return false;
  const auto& now = census_.processes();
  const bool isNew = census_.processesAt() > endedAt_ && census_.processesAt() != emptyAt_;
  if (holdOneOf(core::listFamily(*family_, now)) || !isNew) return false;
  emptyAt_ = census_.processesAt();
  return ++empty_ > 2;
}

/// The kernel knows it: /proc is read only for those that have left the group. Holds a member until then.
bool Remains::controlGroupIsEmpty() {
  if (family_->group < 0 || core::cgroup::isPopulated(family_->group) == false) return true;
  empty_ = 0;
  (void)holdOneOf(core::cgroup::members(family_->group, true));
  return false;
}

/// Whether one of them lives.
bool Remains::holdOneOf(const std::vector<pid_t>& members) {
  for (const pid_t pid : members) {
    empty_ = 0;
    core::UniqueFd member(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!member || core::hasEnded(member.get())) continue;
    hold(std::move(member));
    return true;
  }
  return false;
}

void Remains::hold(core::UniqueFd member) noexcept {
  zombiesAt_ = {};
  try {
    watch_.emplace(loop_, member.get(), core::IoWatch::Read,
                   [ended = ended_](std::uint32_t) { ended(); });  // a copy: it may end this object
    member_ = std::move(member);
  } catch (const std::exception&) {  // then it is looked for again
    watch_.reset();
  }
}

void Remains::letGo() noexcept {
  watch_.reset();
  member_.reset();
}

core::Status Remains::signal(int signo) noexcept try {
  if (family_) {
    const int failed = census_.signal(*family_, signo);
    if (failed != 0) return core::Err{core::Error{"", failed}};
    return {};
  }
  if ((!leaderUnreaped_ && !core::outlivesItsLeader(group_)) || ::kill(-group_, signo) == 0 || errno == ESRCH)
    return {};
  return core::Err{core::Error{"", errno}};
} catch (const std::exception&) {  // out of memory: the next deadline tries again
  return {};
}

}  // namespace process
