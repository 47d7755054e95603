// SPDX-License-Identifier: MIT
#include "ctl/supervisor-manager/table.hpp"

#include <fmt/format.h>

#include <locale.h>
#include <wchar.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <cwchar>
#include <numeric>

#include "lib/core/terminal_text.hpp"
#include "lib/core/text.hpp"

namespace manager {

namespace {

/// The width below which a column is not shortened. The last column has the reasons, which are less useful when cut.
constexpr std::size_t kNarrowest = 4;
constexpr std::size_t kNarrowestLast = 8;

/// Sets a UTF-8 locale for the scope: the texts are UTF-8, also if the user's locale is "C", and wcwidth() depends on
/// it.
class Utf8 {
 public:
  Utf8() : before_(locale() ? ::uselocale(locale()) : nullptr) {}
  ~Utf8() {
    if (before_) ::uselocale(before_);
  }
  Utf8(const Utf8&) = delete;
  Utf8& operator=(const Utf8&) = delete;

 private:
  static locale_t locale() {
    static const locale_t kMade = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return kMade;
  }
  locale_t before_;
};

/// Calls `place(end, columns)` for each character of the text, with the offset of its end and the width of the text up
/// to there, until it returns false.
template <class Place>
void walk(std::string_view text, Place place) {
  const Utf8 here;
  std::mbstate_t state{};
  std::size_t columns = 0;
  for (std::size_t at = 0; at < text.size();) {
    wchar_t character = 0;
    auto length = std::mbrtowc(&character, text.data() + at, text.size() - at, &state);
    int width = 1;
    if (length == 0 || length > text.size() - at) {  // invalid or incomplete: one byte, one column
      length = 1;
      state = {};
    } else {
      width = std::max(::wcwidth(character), 0);
    }
    at += length;
    columns += static_cast<std::size_t>(width);
    if (!place(at, columns)) return;
  }
}

/// Shortens the widest column by one until the sum is at most `most`, or no column can be shortened any further.
void narrow(std::vector<std::size_t>& widths, std::size_t most) {
  const auto least = [&](std::size_t i) { return i + 1 == widths.size() ? kNarrowestLast : kNarrowest; };
  auto total = std::accumulate(widths.begin(), widths.end(), 2 * (widths.size() - 1));
  while (total > most) {
    std::size_t widest = widths.size();
    for (std::size_t i = 0; i < widths.size(); ++i)
      if (widths[i] > least(i) && (widest == widths.size() || widths[i] >= widths[widest])) widest = i;
    if (widest == widths.size()) return;
    --widths[widest];
    --total;
  }
}

}  // namespace

std::size_t widthOf(std::string_view text) noexcept {
  if (core::isPlainAscii(text)) return text.size();
  std::size_t width = 0;
  walk(text, [&](std::size_t, std::size_t columns) {
    width = columns;
    return true;
  });
  return width;
}

std::string fitted(std::string_view text, std::size_t width) {
  std::string out = core::printable(text);
  if (out.size() <= width || widthOf(out) <= width) return out;
  if (width == 0) return "";
  std::size_t cut = 0;
  walk(out, [&](std::size_t end, std::size_t columns) {
    if (columns + 1 > width) return false;
    cut = end;
    return true;
  });
  return out.substr(0, cut) + "…";
}

void Table::add(std::vector<std::string> row) {
  for (auto& cell : row) cell = core::printable(cell);
  rows_.push_back(std::move(row));
}

std::string Table::text(bool legend, std::size_t width) const {
  const std::size_t columns = header_.size();
  std::vector<std::size_t> widths(columns, 0);
  const auto measure = [&](const std::vector<std::string>& row) {
    for (std::size_t i = 0; i < columns; ++i) widths[i] = std::max(widths[i], widthOf(row[i]));
  };
  if (legend) measure(header_);
  for (const auto& row : rows_) measure(row);
  if (width > 0) narrow(widths, width);
  std::string out;
  const auto line = [&](const std::vector<std::string>& row) {
    std::string text;
    for (std::size_t i = 0; i < columns; ++i) {
      const auto cell = fitted(row[i], widths[i]);
      text += cell;
      text.append(widths[i] - widthOf(cell) + 2, ' ');
    }
    while (!text.empty() && text.back() == ' ') text.pop_back();
    out += text + "\n";
  };
  if (legend) line(header_);
  for (const auto& row : rows_) line(row);
  return out;
}

std::string bytesText(std::uint64_t bytes) {
  if (bytes == UINT64_MAX) return "-";
  if (bytes < 1024) return fmt::format("{}B", bytes);
  auto amount = static_cast<double>(bytes);
  const char* unit = "KMGTPE";
  for (amount /= 1024; amount >= 1024; amount /= 1024) ++unit;
  return fmt::format("{:.1f}{}", amount, *unit);
}

std::string localTimeText(const char* format, std::int64_t seconds) {
  const std::time_t when = seconds;
  std::tm local{};
  ::localtime_r(&when, &local);
  char text[64];
  return {text, std::strftime(text, sizeof text, format, &local)};
}

std::string durationText(std::uint64_t seconds) {
  constexpr std::array<std::pair<std::uint64_t, const char*>, 4> units{
      {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}}};
  for (std::size_t i = 0; i < units.size(); ++i) {
    const auto [size, word] = units[i];
    if (seconds < size && i + 1 < units.size()) continue;
    std::string text = fmt::format("{}{}", seconds / size, word);
    if (i + 1 < units.size() && seconds % size >= units[i + 1].first)
      text += fmt::format(" {}{}", seconds % size / units[i + 1].first, units[i + 1].second);
    return text;
  }
  return "0s";
}

}  // namespace manager
