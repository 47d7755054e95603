// SPDX-License-Identifier: MIT
#include "daemon/entries/drop_in.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "lib/core/text.hpp"

namespace entries {
namespace {

using Lines = std::vector<std::string>;

bool isComment(const std::string& line) {
  return !line.empty() && (line[0] == ';' || line[0] == '#');
}
bool isHeader(const std::string& line) {
  return line.starts_with('[') && line.find(']') != std::string::npos;
}

struct Range {
  std::size_t begin = 0;  // the header
  std::size_t end = 0;    // the next header, or the end
};

std::optional<Range> find(const Lines& lines, const std::string& section) {
  for (std::size_t i = 0; i < lines.size(); i++) {
    if (!lines[i].starts_with('[' + section + ']')) continue;
    Range range{i, i + 1};
    while (range.end < lines.size() && !isHeader(lines[range.end])) range.end++;
    return range;
  }
  return std::nullopt;
}

/// The key that a line gives a value to, in lower case; empty for anything else.
std::string keyOf(const std::string& line) {
  if (line.empty() || isComment(line) || core::isBlank(line[0])) return {};
  const auto end = line.find_first_of("=:");
  return end == std::string::npos ? std::string() : core::lower(core::trim(std::string_view(line).substr(0, end)));
}

Lines toLines(const std::string& text) {
  auto lines = core::split(text, '\n');
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

std::string toText(const Lines& lines) {
  std::string out;
  for (const auto& line : lines) out += line + '\n';
  return out;
}

/// Takes `key` out of the range with its continuation lines; returns where it was, or nothing.
std::optional<std::size_t> take(Lines& lines, Range& range, const std::string& key) {
  std::optional<std::size_t> place;
  for (auto i = range.begin + 1; i < range.end;) {
    if (keyOf(lines[i]) != key) {
      i++;
      continue;
    }
    auto end = i + 1;
    while (end < range.end && !lines[end].empty() && core::isBlank(lines[end][0])) end++;
    lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(i), lines.begin() + static_cast<std::ptrdiff_t>(end));
    range.end -= end - i;
    if (!place) place = i;
  }
  return place;
}

}  // namespace

std::string newDropIn(const std::string& name, const Edits& keys) {
  std::string out = "; Written by supervisor-manager. You may edit it; then run: supervisor-manager reload\n";
  out += fmt::format("[supervisor:{}]\n", name);
  for (const auto& [key, value] : keys)
    if (value) out += fmt::format("{} = {}\n", key, *value);
  return out;
}

std::optional<std::string> editSection(const std::string& text, const std::string& section, const Edits& keys) {
  auto lines = toLines(text);
  auto range = find(lines, section);
  if (!range) return std::nullopt;
  for (const auto& [key, value] : keys) {
    auto place = take(lines, *range, core::lower(key));
    if (!value) continue;
    if (!place) {
      // After the last line that says something, before the blank lines and comments of the next section.
      place = range->end;
      while (*place > range->begin + 1 && (core::trim(lines[*place - 1]).empty() || isComment(lines[*place - 1])))
        --*place;
    }
    lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(*place), fmt::format("{} = {}", key, *value));
    range->end++;
  }
  return toText(lines);
}

std::optional<std::string> removeSection(const std::string& text, const std::string& section) {
  auto lines = toLines(text);
  auto range = find(lines, section);
  if (!range) return std::nullopt;
  // The comments above the header are about it; those above the next header are not.
  while (range->begin > 0 && isComment(lines[range->begin - 1])) range->begin--;
  if (range->end < lines.size())
    while (isComment(lines[range->end - 1])) range->end--;
  lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(range->begin),
              lines.begin() + static_cast<std::ptrdiff_t>(range->end));
  return toText(lines);
}

bool saysNothing(const std::string& text) {
  const auto lines = toLines(text);
  return std::all_of(lines.begin(), lines.end(),
                     [](const auto& line) { return core::trim(line).empty() || isComment(line); });
}

bool isPlainValue(const std::string& value) {
  if (value.empty() || core::isBlank(value.front()) || core::isBlank(value.back())) return false;
  for (std::size_t i = 0; i < value.size(); i++) {
    const auto c = static_cast<unsigned char>(value[i]);
    if (c < 0x20 || c == 0x7f) return false;
    if ((c == ';' || c == '#') && (i == 0 || core::isBlank(value[i - 1]))) return false;
  }
  return core::isUtf8(value);
}

}  // namespace entries
