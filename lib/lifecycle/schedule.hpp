// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>

#include "lib/core/clock.hpp"
#include "lib/core/time_zone.hpp"
#include "lib/lifecycle/calendar.hpp"

namespace lifecycle {

/// What becomes of a run that is due while the last one has not ended.
enum class Overlap { Skip, Queue, Kill };

/// When a program is to run: at the times of a calendar, or again and again after the same time.
struct Timetable {
  Calendar calendar;             ///< of the expression
  core::milliseconds every{0};   ///< instead of the calendar; 0: the calendar counts
  core::milliseconds jitter{0};  ///< each run is late by a random time up to this
  Overlap overlap = Overlap::Skip;

  bool operator==(const Timetable&) const = default;
  [[nodiscard]] bool given() const noexcept { return every.count() > 0 || calendar.given(); }
  /// Whether the times are the same.
  [[nodiscard]] bool sameTimes(const Timetable& other) const noexcept {
    return calendar == other.calendar && every == other.every && jitter == other.jitter;
  }
};

/// A time by both clocks.
struct Moment {
  std::int64_t wall = 0;  ///< microseconds since the epoch
  core::Instant steady{};
};

/// All that a schedule knows, to continue in another program.
struct ScheduleSnapshot {
  std::int64_t due = 0;         ///< of a calendar: the next time, in seconds since the epoch; 0: there is none
  std::int64_t handled = 0;     ///< of a calendar: the last time that has been taken care of; 0: none
  core::Instant steadyDue{};    ///< the next time, of `every`
  core::milliseconds delay{0};  ///< of the next run, drawn from the jitter
  bool queued = false;          ///< a run waits for the end of the one before
  bool operator==(const ScheduleSnapshot&) const = default;
};

/// Decides when a program runs. Without I/O: times are passed in.
///
/// A time of the calendar is handled once, also if the clock is set back by up to three hours after it; a clock that
/// was wrong by more is believed. What was missed, because the clock was set forward or nobody was there, is one run;
/// nothing was missed if it was set forward by a year.
class Schedule {
 public:
  /// What the program is doing.
  enum class Standing {
    Idle,      ///< nothing, or it waits for a retry
    Waiting,   ///< it is to be started when what it depends on is there
    Running,   ///< it runs, or is being started
    Stopping,  ///< it is being stopped
  };
  /// What is to be done.
  enum class Act {
    Start,  ///< now
    Skip,   ///< nothing: the run is left out
    Queue,  ///< nothing for now: it runs after the present one has ended
    Stop,   ///< stop the present run; the new one follows
  };

  /// From now on, by this timetable.
  void begin(const Timetable& timetable, const core::UtcOffset& offset, const Moment& now, std::uint32_t chance);
  /// Time has passed, or the clock was set. True: a run is due; the next time is known after the call.
  [[nodiscard]] bool passed(const Timetable& timetable, const core::UtcOffset& offset, const Moment& now,
                            std::uint32_t chance);
  /// What to do with a run that is due. After Queue and Stop: setQueued(true).
  [[nodiscard]] Act due(Overlap overlap, Standing standing) const noexcept;
  /// Whether there is a run that waits, and it can begin now.
  [[nodiscard]] bool canBegin(Standing standing) const noexcept { return know_.queued && standing == Standing::Idle; }
  void setQueued(bool queued) noexcept { know_.queued = queued; }
  [[nodiscard]] bool queued() const noexcept { return know_.queued; }

  /// When to call passed(): microseconds since the epoch; nullopt: not by this clock.
  [[nodiscard]] std::optional<std::int64_t> wallDue() const noexcept;
  [[nodiscard]] std::optional<core::Instant> steadyDue() const noexcept;

  [[nodiscard]] const ScheduleSnapshot& save() const noexcept { return know_; }
  void restore(const ScheduleSnapshot& saved) noexcept { know_ = saved; }

 private:
  void plan(const Timetable& timetable, const core::UtcOffset& offset, std::int64_t now, std::uint32_t chance);

  ScheduleSnapshot know_;
};

}  // namespace lifecycle
