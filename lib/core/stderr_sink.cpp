// SPDX-License-Identifier: MIT
// Apart from log.cpp: only a program that logs to standard error links libsystemd for it.
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/uio.h>
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <iterator>
#include <string>

#include "lib/core/log_sink.hpp"

namespace logging {
namespace {

class StderrSink final : public LineSink {
 public:
  void writeLine(Level, std::string_view line) noexcept override {
    (void)!::write(STDERR_FILENO, line.data(), line.size());
  }
};

/// Speaks journald's own protocol: lines on standard error cannot have fields.
class JournalSink final : public LineSink {
 public:
  void writeLine(Level level, std::string_view line) noexcept override {
    constexpr std::size_t stamp = sizeof "2026-11-21 00:28:29,056 INFO";
    const int priority = level >= Level::Critical ? 2
                         : level >= Level::Error  ? 3
                         : level >= Level::Warn   ? 4
                         : level >= Level::Info   ? 6
                                                  : 7;
    const Tagged* const tag = lineTag();
    line.remove_prefix(std::min(stamp, line.size()));
    while (line.ends_with('\n')) line.remove_suffix(1);
    try {
      std::string fields[] = {fmt::format("MESSAGE={}", line), fmt::format("PRIORITY={}", priority),
                              fmt::format("SYSLOG_IDENTIFIER={}", ::program_invocation_short_name),
                              tag ? fmt::format("{}={}", tag->field(), tag->value()) : std::string()};
      iovec parts[std::size(fields)];
      for (std::size_t i = 0; i < std::size(fields); ++i) parts[i] = {fields[i].data(), fields[i].size()};
      ::sd_journal_sendv(parts, tag ? std::size(fields) : std::size(fields) - 1);
    } catch (...) {  // the program continues without the line
      countLost();
    }
  }
};

/// Whether standard error is journald's stream, as systemd declares in the environment.
bool isStderrTheJournal() {
  const char* const stream = ::getenv("JOURNAL_STREAM");
  struct stat info {};
  return stream && ::fstat(STDERR_FILENO, &info) == 0 && fmt::format("{}:{}", info.st_dev, info.st_ino) == stream;
}

}  // namespace

std::shared_ptr<LineSink> stderrSink() {
  if (isStderrTheJournal()) return std::make_shared<JournalSink>();
  return std::make_shared<StderrSink>();
}

}  // namespace logging
