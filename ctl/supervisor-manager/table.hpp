// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace manager {

/// A table for people and for `while read`: columns two blanks apart.
class Table {
 public:
  explicit Table(std::vector<std::string> header) : header_(std::move(header)) {}

  /// A cell is one line; what a terminal would obey is shown instead.
  void add(std::vector<std::string> row);
  [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
  /// The lines; `width` is that of the terminal, 0 for none: then nothing is shortened. Otherwise the widest columns
  /// give way until the lines fit.
  [[nodiscard]] std::string text(bool legend, std::size_t width) const;

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

/// Columns that a text takes on a terminal, for UTF-8: wide characters take two, combining ones none.
[[nodiscard]] std::size_t widthOf(std::string_view text) noexcept;
/// `text` within `width` columns, its end replaced by "…" where it is too long. What a terminal would obey is shown
/// instead (core::printable): a name or a reason never moves the cursor.
[[nodiscard]] std::string fitted(std::string_view text, std::size_t width);

/// "1.5M", "12K"; "-" for UINT64_MAX, which stands for unknown.
[[nodiscard]] std::string bytesText(std::uint64_t bytes);
/// "3min 12s", "2d 4h": the two greatest units.
[[nodiscard]] std::string durationText(std::uint64_t seconds);

}  // namespace manager
