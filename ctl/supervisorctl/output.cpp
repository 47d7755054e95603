// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/output.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

#include "lib/core/files.hpp"
#include "lib/core/terminal_text.hpp"
#include "lib/core/text.hpp"

namespace ctl {

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

}  // namespace ctl
