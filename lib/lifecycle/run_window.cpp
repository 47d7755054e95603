// SPDX-License-Identifier: MIT
#include "lib/lifecycle/run_window.hpp"

#include <algorithm>
#include <utility>

namespace lifecycle {
namespace {

constexpr int kMinutesOfDay = 1440;
/// Days that are looked at: each part begins once a week, and a part that began the day before yesterday has ended.
constexpr int kDaysBack = 2, kDaysAhead = 8;

/// Of a day since 1970-01-01, a Thursday; 0 is Sunday.
int dayOfWeek(std::int64_t day) noexcept { return static_cast<int>(((day + 4) % 7 + 7) % 7); }

std::int64_t dividedDown(std::int64_t a, std::int64_t b) noexcept { return a / b - (a % b < 0 ? 1 : 0); }

using OpenSpan = std::pair<std::int64_t, std::int64_t>;

/// The times around `now` at which it is open: in order, apart from each other.
std::vector<OpenSpan> spansAround(const RunWindow& window, std::int64_t now, const core::UtcOffset& offset) {
  std::vector<OpenSpan> spans;
  const auto today = dividedDown(now + offset(now), core::kDaySeconds);
  for (auto day = today - kDaysBack; day <= today + kDaysAhead; ++day)
    for (const auto& part : window) {
      if ((part.days >> dayOfWeek(day) & 1) == 0) continue;
      const auto midnight = day * core::kDaySeconds;
      const auto begin = core::firstMoment(midnight + part.begin * 60, offset);
      const auto end =
          core::firstMoment(midnight + (part.end <= part.begin ? core::kDaySeconds : 0) + part.end * 60, offset);
      if (begin < end) spans.emplace_back(begin, end);
    }
  std::sort(spans.begin(), spans.end());
  std::vector<OpenSpan> merged;
  for (const auto& span : spans) {
    if (merged.empty() || merged.back().second < span.first)
      merged.push_back(span);
    else
      merged.back().second = std::max(merged.back().second, span.second);
  }
  return merged;
}

}  // namespace

WindowState windowAt(const RunWindow& window, std::int64_t now, const core::UtcOffset& offset) {
  WindowState state;
  if (window.empty()) return state;
  state.open = false;
  for (const auto& [begin, end] : spansAround(window, now, offset)) {
    if (end <= now) continue;
    const bool current = begin <= now;
    state.open = state.open || current;
    if (state.change == 0) state.change = current ? end : begin;
    if (!current) {
      state.opening = begin;
      break;
    }
  }
  return state;
}

bool coversWeek(const RunWindow& window) {
  constexpr int kWeek = 7 * kMinutesOfDay;
  std::vector<bool> open(kWeek);
  for (const auto& part : window)
    for (int day = 0; day < 7; ++day) {
      if ((part.days >> day & 1) == 0) continue;
      const int length = part.end - part.begin + (part.end <= part.begin ? kMinutesOfDay : 0);
      for (int i = 0; i < length; ++i)
        open[static_cast<std::size_t>((day * kMinutesOfDay + part.begin + i) % kWeek)] = true;
    }
  return std::find(open.begin(), open.end(), false) == open.end();
}

}  // namespace lifecycle
