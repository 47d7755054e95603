// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/columns.hpp"

#include <algorithm>
#include <numeric>

#include "ctl/supervisorctl/output.hpp"
#include "lib/core/text.hpp"

namespace ctl {
namespace {

/// The width of each column if the words are in `rows` rows.
std::vector<std::size_t> columnWidths(const std::vector<std::string_view>& words, std::size_t rows) {
  std::vector<std::size_t> widths((words.size() + rows - 1) / rows, 0);
  for (std::size_t i = 0; i < words.size(); ++i)
    widths[i / rows] = std::max(widths[i / rows], core::characters(words[i]));
  return widths;
}

}  // namespace

std::string inColumns(const std::vector<std::string_view>& words, std::size_t width) {
  std::size_t rows = 1;
  std::vector<std::size_t> widths = columnWidths(words, rows);
  while (rows < words.size() &&
         std::accumulate(widths.begin(), widths.end(), std::size_t{0}) + 2 * (widths.size() - 1) > width)
    widths = columnWidths(words, ++rows);
  std::string out;
  for (std::size_t row = 0; row < rows && !words.empty(); ++row) {
    std::string line;
    for (std::size_t column = 0; column < widths.size(); ++column) {
      const std::size_t index = column * rows + row;
      if (index >= words.size()) break;
      if (column > 0) line += "  ";
      line += padded(words[index], widths[column]);
    }
    out += line + '\n';
  }
  return out;
}

}  // namespace ctl
