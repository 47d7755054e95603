// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace manager {

/// A table for users and for `while read`: columns are separated by two blanks.
class Table {
 public:
  explicit Table(std::vector<std::string> header) : header_(std::move(header)) {}

  /// A cell is one line; control characters are shown as text.
  void add(std::vector<std::string> row);
  [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
  /// The lines. `width` is that of the terminal: the widest columns are shortened until the lines fit. 0: nothing is
  /// shortened.
  [[nodiscard]] std::string text(bool legend, std::size_t width) const;

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

/// The columns that a UTF-8 text takes on a terminal: wide characters take two, combining ones none.
[[nodiscard]] std::size_t widthOf(std::string_view text) noexcept;
/// `text` in at most `width` columns; the end of a longer one is replaced by "…". Control characters are shown as text
/// (core::printable), so that a name or a reason cannot move the cursor.
[[nodiscard]] std::string fitted(std::string_view text, std::size_t width);

/// "1.5M", "12K"; "-" for UINT64_MAX, which means unknown.
[[nodiscard]] std::string bytesText(std::uint64_t bytes);
/// "3min 12s", "2d 4h": the two largest units.
[[nodiscard]] std::string durationText(std::uint64_t seconds);
/// `seconds` since the epoch as local time, in strftime's `format`; in English.
[[nodiscard]] std::string localTimeText(const char* format, std::int64_t seconds);

}  // namespace manager
