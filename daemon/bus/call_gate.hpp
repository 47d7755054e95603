// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "lib/core/budget.hpp"
#include "lib/core/clock.hpp"

namespace bus {

/// Limits the time that calls of accounts other than root take: for each account, and for all of them together, so that
/// there is always time for root. A caller is counted by its name on the bus until its account is known. No I/O.
class CallGate {
 public:
  /// `manager` is the uid that the manager runs as: its calls, and root's, are not limited.
  CallGate(uid_t manager, core::Instant now);

  /// Whether a call of `sender` is served now, or refused because its credit is used up.
  [[nodiscard]] bool admit(const std::string& sender, core::Instant now);
  /// Charges `time` to `sender`. Returns whether its account is not known and has not been asked for.
  [[nodiscard]] bool charge(const std::string& sender, core::Duration time, core::Instant now);
  /// Sets the account of `sender`, a name that the D-Bus daemon never gives out twice.
  void identify(const std::string& sender, uid_t uid, core::Instant now);

 private:
  [[nodiscard]] bool isFree(const std::string& sender) const;
  core::Budget& budgetOf(const std::string& sender, core::Instant now);

  uid_t manager_;
  core::Budget everybody_;
  std::unordered_map<std::string, std::optional<uid_t>> senders_;  // nullopt: asked for
  std::unordered_map<std::string, core::Budget> unknown_;
  std::unordered_map<uid_t, core::Budget> accounts_;
};

/// Whether a method only reads, so that a call of it without a reply has no effect.
[[nodiscard]] bool isReading(std::string_view interface, std::string_view member) noexcept;

}  // namespace bus
