// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "lib/core/clock.hpp"

namespace lifecycle {

/// What is known of a running program's health. None: it does not run, or nobody asks.
enum class HealthState : std::uint8_t { None, Starting, Healthy, Unhealthy };
/// "", "starting", "healthy", "unhealthy".
[[nodiscard]] std::string_view toText(HealthState state) noexcept;

/// How the health of a program is found out.
struct HealthRules {
  bool probed = false;                  ///< it is asked, each `interval`
  int retries = 3;                      ///< so many failures in a row make it unhealthy
  core::milliseconds interval{10'000};  ///< from the beginning of a question to that of the next one
  core::milliseconds timeout{5'000};    ///< of a question
  core::milliseconds startPeriod{0};    ///< after RUNNING: failures do not count before the first success
  core::milliseconds watchdog{0};       ///< it reports by itself, at least so often; 0: it does not
  [[nodiscard]] bool any() const noexcept { return probed || watchdog.count() > 0; }
  bool operator==(const HealthRules&) const = default;
};

/// All that a HealthTrack knows, to continue in another program.
struct HealthSnapshot {
  HealthState state = HealthState::None;
  int failures = 0;            ///< of questions, in a row
  bool missed = false;         ///< the last report of the watchdog did not come in time
  core::Instant due{};         ///< of the next question
  core::Instant quietUntil{};  ///< the end of the start period
  core::Instant reportDue{};   ///< the watchdog's next report has to come before
  std::string lastError;       ///< of this run
  bool operator==(const HealthSnapshot&) const = default;
};

/// The health of one program, without I/O: the owner passes in what happens, and asks the questions that are due.
class HealthTrack {
 public:
  struct Outcome {
    bool changed = false;  ///< the state is another one
    bool act = false;  ///< it is unhealthy, and something has to be done: also after each further `retries` failures
  };

  /// The program is RUNNING. `chance`: a random number, so that programs which start together are asked apart.
  Outcome begin(const HealthRules& rules, core::Instant now, std::uint32_t chance) noexcept;
  /// It is not RUNNING any more.
  Outcome end() noexcept;
  /// The times of the rules are others: the next question comes after no more than an interval, and the next report has
  /// its whole time.
  void renew(const HealthRules& rules, core::Instant now) noexcept;
  /// When to call passed(); nullopt: never. A question that is due waits for the answer of the last one.
  [[nodiscard]] std::optional<core::Instant> deadline(const HealthRules& rules) const noexcept;
  /// A deadline has passed: the watchdog's may have.
  Outcome passed(const HealthRules& rules, core::Instant now) noexcept;
  /// Whether to ask now. Then follow asked(), and answered() or forgotten().
  [[nodiscard]] bool wantsQuestion(const HealthRules& rules, core::Instant now) const noexcept;
  void asked(core::Instant now) noexcept;
  /// `why` it failed; empty: success.
  Outcome answered(std::string_view why, const HealthRules& rules, core::Instant now, std::uint32_t chance) noexcept;
  /// The question had no outcome: it is asked again.
  void forgotten(core::Instant now) noexcept;
  /// A report of the watchdog.
  Outcome heard(const HealthRules& rules, core::Instant now) noexcept;
  /// The program says itself that it does not work.
  Outcome failed(std::string_view why) noexcept;

  [[nodiscard]] HealthState state() const noexcept { return now_.state; }
  [[nodiscard]] int failures() const noexcept { return now_.failures; }
  [[nodiscard]] const std::string& lastError() const noexcept { return now_.lastError; }
  [[nodiscard]] bool asking() const noexcept { return asked_.has_value(); }

  [[nodiscard]] const HealthSnapshot& save() const noexcept { return now_; }
  /// The watchdog's next report has its whole time: reports may have been lost meanwhile.
  void restore(HealthSnapshot saved, const HealthRules& rules, core::Instant now) noexcept;

 private:
  [[nodiscard]] Outcome enter(HealthState to) noexcept;
  void blame(std::string_view why) noexcept;

  HealthSnapshot now_;
  std::optional<core::Instant> asked_;  ///< when the present question was asked
};

}  // namespace lifecycle
