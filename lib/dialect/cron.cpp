// SPDX-License-Identifier: MIT
#include "lib/dialect/cron.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "lib/core/text.hpp"
#include "lib/dialect/values.hpp"

namespace config {
namespace {

constexpr auto kMonths = std::to_array<std::string_view>(
    {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"});
constexpr auto kWeekdays = std::to_array<std::string_view>({"sun", "mon", "tue", "wed", "thu", "fri", "sat"});
constexpr unsigned kSunday = 7;  ///< its second number

/// One of the five.
struct CronField {
  std::string_view what;    ///< one value, with its article
  std::string_view values;  ///< which there are
  unsigned least, most;
  std::span<const std::string_view> names{};  ///< of `least` and those that follow
};

constexpr auto kCronFields = std::to_array<CronField>({
    {"a minute", "0 to 59", 0, 59},
    {"an hour", "0 to 23", 0, 23},
    {"a day of the month", "1 to 31", 1, 31},
    {"a month", "1 to 12, or jan to dec", 1, 12, kMonths},
    {"a day of the week", "0 to 7, or sun to sat", 0, kSunday, kWeekdays},
});

/// At most three digits.
std::optional<unsigned> digits(std::string_view text) noexcept {
  if (text.empty() || text.size() > 3) return std::nullopt;
  unsigned out = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    out = out * 10 + static_cast<unsigned>(c - '0');
  }
  return out;
}

core::Expected<unsigned> parseValue(const CronField& field, std::string_view text) {
  const auto name = std::find(field.names.begin(), field.names.end(), core::lower(text));
  if (name != field.names.end()) return field.least + static_cast<unsigned>(name - field.names.begin());
  const auto number = digits(text);
  if (!number || *number < field.least || *number > field.most)
    return refused(fmt::format("{} is not {} ({})", core::pythonRepr(text), field.what, field.values));
  return *number;
}

/// "*", "3", "1-5", "*/2" or "1-5/2", as a set of values.
core::Expected<std::uint64_t> parsePart(const CronField& field, std::string_view text) {
  const auto slash = text.find('/');
  const auto range = text.substr(0, slash);
  const auto dash = range.find('-');
  const bool single = range != "*" && dash == std::string_view::npos;
  unsigned first = field.least, last = field.most, step = 1;
  if (range != "*") {
    const auto begin = parseValue(field, range.substr(0, dash));
    if (!begin) return core::Err{begin.error()};
    first = last = *begin;
  }
  if (dash != std::string_view::npos) {
    const auto end = parseValue(field, range.substr(dash + 1));
    if (!end) return core::Err{end.error()};
    last = *end == 0 && first > 0 && field.most == kSunday ? kSunday : *end;
  }
  if (last < first) return refused(core::pythonRepr(range) + " ends before it begins");
  if (slash != std::string_view::npos) {
    const auto number = digits(text.substr(slash + 1));
    if (!number || *number == 0)
      return refused(fmt::format("the step in {} is not a number of at least 1", core::pythonRepr(text)));
    if (single)
      return refused(fmt::format("{} has a step without a range; {}-{}/{} is one", core::pythonRepr(text), first,
                                 field.most, *number));
    step = *number;
  }
  std::uint64_t out = 0;
  for (auto value = first; value <= last; value += step) out |= std::uint64_t{1} << value;
  return out;
}

core::Expected<std::uint64_t> parseField(const CronField& field, std::string_view text) {
  std::uint64_t out = 0;
  for (const auto& part : core::split(text, ',')) {
    const auto set = parsePart(field, part);
    if (!set) return core::Err{set.error()};
    out |= *set;
  }
  return out;
}

}  // namespace

core::Expected<lifecycle::Calendar> parseCron(std::string_view text) {
  const auto words = core::splitBlanks(text);
  if (words.size() != kCronFields.size())
    return refused(
        fmt::format("{} has {} field{}, and a schedule has five: minute, hour, day of the month, month and "
                    "day of the week",
                    core::pythonRepr(text), words.size(), words.size() == 1 ? "" : "s"));
  std::array<std::uint64_t, kCronFields.size()> sets{};
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto set = parseField(kCronFields[i], words[i]);
    if (!set) return core::Err{set.error()};
    sets[i] = *set;
  }
  const auto small = [&sets](std::size_t i) { return static_cast<std::uint32_t>(sets[i]); };
  lifecycle::Calendar out;
  out.minutes = sets[0];
  out.hours = small(1);
  out.days = small(2);
  out.months = small(3);
  out.weekdays = (small(4) | small(4) >> kSunday) & 0x7f;
  out.everyHour = words[1].front() == '*';
  out.everyDay = words[2].front() == '*';
  out.everyWeekday = words[4].front() == '*';
  if (!lifecycle::everComes(out)) return refused(core::pythonRepr(text) + " never comes: no month has such a day");
  return out;
}

}  // namespace config
