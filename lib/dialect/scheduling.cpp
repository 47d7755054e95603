// SPDX-License-Identifier: MIT
#include "lib/dialect/scheduling.hpp"

#include <array>
#include <utility>

#include "lib/core/text.hpp"
#include "lib/core/time_zone.hpp"
#include "lib/dialect/cron.hpp"
#include "lib/dialect/possible.hpp"
#include "lib/dialect/section_reader.hpp"
#include "lib/dialect/values.hpp"

namespace config {
namespace {

using lifecycle::Overlap;
using lifecycle::Timetable;

/// A name, and the expression that it means.
constexpr auto kNamedSchedules = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"@hourly", "0 * * * *"},
    {"@daily", "0 0 * * *"},
    {"@midnight", "0 0 * * *"},
    {"@weekly", "0 0 * * 0"},
    {"@monthly", "0 0 1 * *"},
    {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
});
constexpr core::milliseconds kShortestPeriod{1000};

core::Expected<Timetable> parseEvery(std::string_view text) {
  const auto period = parseDuration(text);
  if (!period) return core::Err{period.error()};
  if (*period < kShortestPeriod) return refused(core::pythonRepr(text) + " is less than a second");
  Timetable out;
  out.every = *period;
  return out;
}

core::Expected<Overlap> parseOverlap(std::string_view text) {
  const auto word = core::lower(core::trim(text));
  if (word == "skip") return Overlap::Skip;
  if (word == "queue") return Overlap::Queue;
  if (word == "kill") return Overlap::Kill;
  return refused(core::pythonRepr(text) + " is not one of skip, queue and kill");
}

core::Expected<std::string> parseTimeZone(std::string_view text) {
  const auto zone = core::TimeZone::find(core::trim(text));
  if (!zone) return core::Err{zone.error()};
  return zone->name();
}

}  // namespace

core::Expected<Timetable> parseSchedule(std::string_view text) {
  auto expression = core::trim(text);
  if (expression.empty()) return refused("it is empty");
  if (expression.front() == '@') {
    const auto words = core::splitBlanks(expression);
    const auto name = core::lower(words.front());
    if (name == "@every" && words.size() == 2) return parseEvery(words.back());
    if (name == "@reboot")
      return refused("'@reboot' is not a schedule: with autostart=true a program starts when supervisord does");
    expression = {};
    for (const auto& [known, means] : kNamedSchedules)
      if (words.size() == 1 && name == known) expression = means;
    if (expression.empty())
      return refused(core::pythonRepr(core::trim(text)) +
                     " is not one of @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually and "
                     "@every DURATION");
  }
  const auto calendar = parseCron(expression);
  if (!calendar) return core::Err{calendar.error()};
  Timetable out;
  out.calendar = *calendar;
  return out;
}

bool isPossible(const Scheduling& scheduling) noexcept {
  const auto& [calendar, every, jitter, overlap] = scheduling.timetable;
  if (!isPossible(every) || !isPossible(jitter)) return false;
  if (every.count() > 0 && (every < kShortestPeriod || jitter >= every)) return false;
  // Only values of the clock and of the date.
  return calendar.minutes >> 60 == 0 && calendar.hours >> 24 == 0 && (calendar.days & 1) == 0 &&
         (calendar.months & 1) == 0 && calendar.months >> 13 == 0 && calendar.weekdays >> 7 == 0;
}

void readScheduling(SectionReader& in, const core::Names& names, Scheduling& scheduling) {
  auto& timetable = scheduling.timetable;
  in.take("schedule", names, parseSchedule, timetable);
  in.take("schedule_overlap", names, parseOverlap, timetable.overlap);
  in.take("schedule_jitter", names, parseDuration, timetable.jitter);
  in.take("time_zone", names, parseTimeZone, scheduling.zone);
  if (timetable.every.count() > 0 && timetable.jitter >= timetable.every)
    in.conflict("schedule_jitter", {"schedule"}, "it is not shorter than the time between two runs");
}

}  // namespace config
