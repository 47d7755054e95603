// SPDX-License-Identifier: MIT
#include "daemon/bus/call_limits.hpp"

namespace bus {

std::shared_ptr<CallLimits::Ticket> CallLimits::enter(const std::shared_ptr<CallLimits>& limits, uid_t uid) {
  const std::size_t limit = uid == 0 ? kForRoot : kPerAccount;
  if (limits->waiting(uid) >= limit) return nullptr;
  auto ticket = std::make_shared<Ticket>(limits, uid);
  ++limits->waiting_[uid];
  return ticket;
}

std::size_t CallLimits::waiting(uid_t uid) const noexcept {
  const auto at = waiting_.find(uid);
  return at == waiting_.end() ? 0 : at->second;
}

void CallLimits::leave(uid_t uid) noexcept {
  const auto at = waiting_.find(uid);
  if (at != waiting_.end() && --at->second == 0) waiting_.erase(at);
}

}  // namespace bus
