// SPDX-License-Identifier: MIT
#include "ctl/supervisor-manager/output.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "lib/core/terminal_text.hpp"
#include "lib/core/text.hpp"
#include "lib/terminal/filter.hpp"

namespace manager {

namespace {

winsize terminalSize() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) size = {};
  return size;
}

std::string pagerCommand() {
  for (const char* name : {"SUPERVISOR_MANAGER_PAGER", "PAGER"})
    if (const char* value = std::getenv(name)) return value;  // also if empty: that switches the pager off
  return "less";
}

std::string filtered(std::string_view text) {
  terminal::Filter filter(terminal::Filter::Allows::Log);
  const std::string out = filter.feed(text);
  return out + filter.finish();
}

bool printed = false;

void write(const std::string& text) {
  printed = true;
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace

std::size_t tableWidth(const Options& options) {
  return !options.full && ::isatty(STDOUT_FILENO) ? terminalSize().ws_col : 0;
}

bool coloursWanted() {
  const char* forbidden = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return ::isatty(STDOUT_FILENO) && !(forbidden && *forbidden) && terminal && std::string_view(terminal) != "dumb";
}

void print(std::string_view text) { write(::isatty(STDOUT_FILENO) ? filtered(text) : std::string(text)); }

bool hasPrinted() noexcept { return printed; }

void redraw(std::string_view text) { write("\033[H\033[J" + filtered(text)); }

void printPaged(const Options& options, const std::string& text) {
  const auto rows = terminalSize().ws_row;
  const auto lines = std::count(text.begin(), text.end(), '\n');
  const std::string pager = pagerCommand();
  if (options.noPager || !::isatty(STDOUT_FILENO) || rows == 0 || lines < rows || pager.empty() || pager == "cat")
    return print(text);
  // Do not page what fits; chop long lines; show colours; leave the text on the screen; exit on Ctrl-C.
  ::setenv("LESS", "FRSXMK", 0);
  FILE* pipe = ::popen(pager.c_str(), "we");
  if (!pipe) return print(text);
  const std::string safe = filtered(text);  // less -R passes colours on, and with them what looks like colours
  std::fwrite(safe.data(), 1, safe.size(), pipe);
  ::pclose(pipe);
}

void complain(std::string_view text) {
  fmt::print(stderr, "supervisor-manager: {}\n", core::replaceAll(core::printableLines(text), "\n", "\n  "));
}

std::string coloured(std::string_view state, std::string_view line) {
  const bool trouble =
      state == "failed" || state == "degraded" || state == "FATAL" || state == "BACKOFF" || state == "UNKNOWN";
  if (!trouble || !coloursWanted()) return std::string(line);
  return fmt::format("\033[31m{}\033[0m", line);
}

}  // namespace manager
