// SPDX-License-Identifier: MIT
#include "lib/dialect/lifetime.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "lib/core/text.hpp"
#include "lib/dialect/possible.hpp"
#include "lib/dialect/section_reader.hpp"
#include "lib/dialect/values.hpp"

namespace config {
namespace {

constexpr auto kDayNames = std::to_array<std::string_view>({"sun", "mon", "tue", "wed", "thu", "fri", "sat"});
constexpr int kDayMinutes = 1440;
constexpr std::size_t kMostParts = 50;
/// Planned restarts have no delay: with less the program would do nothing but start.
constexpr core::milliseconds kShortestAge{100};

/// 0 is Sunday.
std::optional<int> parseDay(std::string_view text) {
  const auto word = core::lower(core::trim(text));
  for (std::size_t i = 0; i < kDayNames.size(); ++i)
    if (word == kDayNames[i]) return static_cast<int>(i);
  return std::nullopt;
}

/// "mon" or "mon-fri", as the bits of WindowPart::days.
std::optional<unsigned> parseDays(std::string_view text) {
  const auto dash = text.find('-');
  const auto first = parseDay(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parseDay(text.substr(dash + 1));
  if (!first || !last) return std::nullopt;
  unsigned days = 1U << static_cast<unsigned>(*last);
  for (int day = *first; day != *last; day = (day + 1) % 7) days |= 1U << static_cast<unsigned>(day);
  return days;
}

/// "8:00" or "08:00", up to "24:00", in minutes since midnight.
std::optional<int> parseTime(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon < 1 || colon > 2 || text.size() != colon + 3) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (i != colon && (text[i] < '0' || text[i] > '9')) return std::nullopt;
  int hour = 0;
  for (const char c : text.substr(0, colon)) hour = hour * 10 + (c - '0');
  const int minute = (text[colon + 1] - '0') * 10 + (text[colon + 2] - '0');
  if (hour > 24 || minute > 59 || (hour == 24 && minute > 0)) return std::nullopt;
  return hour * 60 + minute;
}

core::Expected<lifecycle::WindowPart> parsePart(std::string_view text) {
  lifecycle::WindowPart part;
  const auto words = core::splitBlanks(text);
  if (words.empty()) return refused("a time such as 08:00-18:00 is missing");
  const std::string_view times = words.back();
  const auto dash = times.find('-');
  const auto begin = parseTime(times.substr(0, dash));
  const auto end = dash == std::string_view::npos ? std::nullopt : parseTime(times.substr(dash + 1));
  if (!begin || !end)
    return refused(core::pythonRepr(times) +
                   " is not a time such as 08:00-18:00, which can have days in front of it: " + "mon-fri 08:00-18:00");
  if (*begin == kDayMinutes) return refused("24:00 is the end of a day; a window begins at 00:00");
  if (*begin == *end)
    return refused(core::pythonRepr(times) + " begins and ends at the same time; a whole day is 00:00-24:00");
  part.begin = *begin;
  part.end = *end;
  if (words.size() > 1) part.days = 0;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const auto days = parseDays(words[i]);
    if (!days)
      return refused(core::pythonRepr(words[i]) + " is not a day or days of the week: mon, tue, wed, thu, fri, sat, " +
                     "sun or, for instance, mon-fri");
    part.days |= *days;
  }
  return part;
}

core::Expected<lifecycle::RunWindow> parseRunWindow(std::string_view text) {
  lifecycle::RunWindow window;
  for (const auto& piece : core::split(text, ',')) {
    auto part = parsePart(piece);
    if (!part) return core::Err{part.error()};
    window.push_back(*part);
  }
  if (window.size() > kMostParts) return refused("more than " + std::to_string(kMostParts) + " times");
  if (lifecycle::coversWeek(window)) return refused("it never closes; without run_window a program always runs");
  return window;
}

}  // namespace

bool isPossible(const Lifetime& lifetime) noexcept {
  for (const auto& duration : {lifetime.maxRuntime, lifetime.maxAge, lifetime.maxAgeJitter})
    if (!isPossible(duration)) return false;
  if (lifetime.maxAge.count() > 0 && lifetime.maxAge < kShortestAge) return false;
  return lifetime.window.size() <= kMostParts &&
         std::all_of(lifetime.window.begin(), lifetime.window.end(), [](const auto& part) {
           return part.days <= 0x7f && part.begin >= 0 && part.begin < kDayMinutes && part.end >= 0 &&
                  part.end <= kDayMinutes && part.begin != part.end;
         });
}

void readLifetime(SectionReader& in, const core::Names& names, Lifetime& lifetime) {
  in.take("max_runtime", names, parseDuration, lifetime.maxRuntime);
  in.take("max_age", names, parseDuration, lifetime.maxAge);
  if (lifetime.maxAge.count() > 0 && lifetime.maxAge < kShortestAge)
    in.fail("max_age", "it is less than 0.1 seconds; 0 is never");
  lifetime.maxAgeJitter = lifetime.maxAge / 10;
  in.take("max_age_jitter", names, parseDuration, lifetime.maxAgeJitter);
  in.take("run_window", names, parseRunWindow, lifetime.window);
  in.take("essential", names, parseBoolean, lifetime.essential);
}

}  // namespace config
