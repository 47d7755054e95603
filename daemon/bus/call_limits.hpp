// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <unordered_map>

namespace bus {

/// Counts the calls of each account that wait for their reply, so that one account cannot pile up work. Root is limited
/// as well, so that a faulty script cannot exhaust memory, but higher: administrators' tools start whole fleets.
class CallLimits {
 public:
  static constexpr std::size_t kPerAccount = 64;
  static constexpr std::size_t kForRoot = 4096;

  /// One counted call; gives its place back when destroyed. Keeps the counts alive.
  class Ticket {
   public:
    Ticket(std::shared_ptr<CallLimits> limits, uid_t uid) : limits_(std::move(limits)), uid_(uid) {}
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;
    ~Ticket() { limits_->leave(uid_); }

   private:
    std::shared_ptr<CallLimits> limits_;
    uid_t uid_;
  };

  /// A place for a call of `uid`, or nullptr if the account has too many.
  [[nodiscard]] static std::shared_ptr<Ticket> enter(const std::shared_ptr<CallLimits>& limits, uid_t uid);
  [[nodiscard]] std::size_t waiting(uid_t uid) const noexcept;

 private:
  void leave(uid_t uid) noexcept;

  std::unordered_map<uid_t, std::size_t> waiting_;
};

}  // namespace bus
