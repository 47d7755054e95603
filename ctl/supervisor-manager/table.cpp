// SPDX-License-Identifier: MIT
#include "ctl/supervisor-manager/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lib/core/terminal_text.hpp"

namespace manager {

namespace {

bool continues(char c) noexcept { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

std::size_t widthOf(std::string_view text) noexcept {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
}

std::string fitted(std::string_view text, std::size_t width) {
  const std::string out = core::printable(text);
  if (widthOf(out) <= width) return out;
  if (width == 0) return "";
  std::size_t columns = 0, end = 0;
  while (end < out.size() && (continues(out[end]) || columns + 1 < width)) columns += continues(out[end++]) ? 0 : 1;
  return out.substr(0, end) + "…";
}

void Table::add(std::vector<std::string> row) {
  for (auto& cell : row) cell = core::printable(cell);
  rows_.push_back(std::move(row));
}

std::string Table::text(bool legend, std::size_t width) const {
  const std::size_t columns = header_.size();
  std::vector<std::size_t> widths(columns, 0);
  const auto measure = [&](const std::vector<std::string>& row) {
    for (std::size_t i = 0; i < columns; i++) widths[i] = std::max(widths[i], widthOf(row[i]));
  };
  if (legend) measure(header_);
  for (const auto& row : rows_) measure(row);
  std::string out;
  const auto line = [&](const std::vector<std::string>& row) {
    std::string text;
    std::size_t used = 0;
    for (std::size_t i = 0; i + 1 < columns; i++) {
      text += fitted(row[i], widths[i]);
      text.append(widths[i] - widthOf(row[i]) + 2, ' ');
      used += widths[i] + 2;
    }
    const std::size_t left = width == 0 ? SIZE_MAX : width > used + 8 ? width - used : 8;
    text += fitted(row.back(), left);
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
  for (amount /= 1024; amount >= 1024; amount /= 1024) unit++;
  return fmt::format("{:.1f}{}", amount, *unit);
}

std::string durationText(std::uint64_t seconds) {
  constexpr std::array<std::pair<std::uint64_t, const char*>, 4> units{
      {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}}};
  for (std::size_t i = 0; i < units.size(); i++) {
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
