// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/output.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "lib/core/files.hpp"
#include "lib/core/terminal_text.hpp"
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

Output::Output() : terminal_(::isatty(STDOUT_FILENO) == 1) {
  const char* noColour = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  const bool refused = noColour != nullptr && *noColour != '\0';
  colours_ = terminal_ && !refused && term != nullptr && std::string_view(term) != "dumb";
}

void Output::line(std::string_view text) {
  buffer_ += core::printable(text);
  buffer_ += '\n';
}

void Output::lines(std::string_view text) {
  buffer_ += core::printableLines(text);
  buffer_ += '\n';
}

void Output::log(std::string_view bytes) {
  if (terminal_)
    buffer_ += filter_.feed(bytes);
  else
    buffer_ += bytes;
}

void Output::endLog() {
  if (terminal_) buffer_ += filter_.finish();
}

void Output::flush() noexcept {
  if (buffer_.empty()) return;
  // A closed pipe is not a failure of the command: SIGPIPE ends it, or the error is ignored.
  static_cast<void>(core::writeAll(STDOUT_FILENO, buffer_));
  buffer_.clear();
}

int Output::width() noexcept {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

void printError(std::string_view text) {
  static_cast<void>(core::writeAll(STDERR_FILENO, core::printableLines(text) + '\n'));
}

std::string padded(std::string_view text, std::size_t width) {
  std::string out(text);
  if (const auto used = core::characters(text); used < width) out.append(width - used, ' ');
  return out;
}

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
