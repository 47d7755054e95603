// SPDX-License-Identifier: MIT
#include "daemon/bus/call_gate.hpp"

#include <algorithm>
#include <array>

namespace bus {
namespace {

/// Microseconds of credit and its refill per second: an account may keep the manager busy for a tenth of its time, all
/// accounts together for half of it.
constexpr std::uint64_t kAccountLimit = 500'000, kAccountPerSecond = 100'000;
constexpr std::uint64_t kAllLimit = 1'000'000, kAllPerSecond = 500'000;
/// Beyond this number everything is forgotten. Accounts then have their full credit again, but memory stays bounded,
/// and a caller needs thousands of new connections to get there.
constexpr std::size_t kMostRemembered = 4096;

core::Budget accountBudget(core::Instant now) { return {kAccountLimit, kAccountPerSecond, now}; }

}  // namespace

CallGate::CallGate(uid_t manager, core::Instant now) : manager_(manager), everybody_(kAllLimit, kAllPerSecond, now) {}

bool CallGate::isFree(const std::string& sender) const {
  const auto known = senders_.find(sender);
  return known != senders_.end() && known->second && (*known->second == 0 || *known->second == manager_);
}

core::Budget& CallGate::budgetOf(const std::string& sender, core::Instant now) {
  const auto known = senders_.find(sender);
  if (known != senders_.end() && known->second)
    return accounts_.try_emplace(*known->second, accountBudget(now)).first->second;
  return unknown_.try_emplace(sender, accountBudget(now)).first->second;
}

bool CallGate::admit(const std::string& sender, core::Instant now) {
  if (isFree(sender)) return true;
  // A caller that is not known yet may be root, who must get through when the others have used up the common credit.
  const bool known = senders_.count(sender) && senders_.at(sender);
  return !budgetOf(sender, now).isEmpty(now) && (!known || !everybody_.isEmpty(now));
}

bool CallGate::charge(const std::string& sender, core::Duration time, core::Instant now) {
  if (isFree(sender)) return false;
  // At least a microsecond: calls that are faster than the clock's resolution must not be free.
  const auto cost = static_cast<std::uint64_t>(
      std::max<std::int64_t>(1, std::chrono::duration_cast<core::microseconds>(time).count()));
  if (senders_.size() + accounts_.size() >= kMostRemembered) {
    senders_.clear();
    unknown_.clear();
    accounts_.clear();
  }
  budgetOf(sender, now).spend(cost, now);
  everybody_.spend(cost, now);
  return senders_.try_emplace(sender, std::nullopt).second;
}

void CallGate::identify(const std::string& sender, uid_t uid, core::Instant now) {
  senders_[sender] = uid;
  unknown_.erase(sender);
  if (!isFree(sender)) accounts_.try_emplace(uid, accountBudget(now));
}

bool isReading(std::string_view interface, std::string_view member) noexcept {
  constexpr std::array interfaces{"org.freedesktop.DBus.Introspectable", "org.freedesktop.DBus.ObjectManager",
                                  "org.freedesktop.DBus.Peer"};
  if (std::find(interfaces.begin(), interfaces.end(), interface) != interfaces.end()) return true;
  // The other interfaces name what reads by its first word; a caller may leave the interface out.
  return member.starts_with("Get") || member.starts_with("List") || member == "PlanReload" || member == "Introspect" ||
         member == "Ping";
}

}  // namespace bus
