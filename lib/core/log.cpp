// SPDX-License-Identifier: MIT
#include "lib/core/log.hpp"

#include <fmt/format.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <sys/stat.h>
#include <sys/uio.h>
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string>
#include <utility>

#include "lib/core/log_sink.hpp"

namespace logging {
namespace {

Level threshold = Level::Info;
// The level of the line being written: spdlog has no name for Supervisor's "blather".
Level current = Level::Info;
const Tagged* kTag = nullptr;  // of the line being written
std::uint64_t lost = 0;        // lines lost because of missing memory and not reported yet
bool broken = false;           // the line being written could not be

spdlog::level::level_enum toSpdlog(Level level) {
  switch (level) {
    case Level::Blather:
    case Level::Trace: return spdlog::level::trace;
    case Level::Debug: return spdlog::level::debug;
    case Level::Info: return spdlog::level::info;
    case Level::Warn: return spdlog::level::warn;
    case Level::Error: return spdlog::level::err;
    case Level::Critical: return spdlog::level::critical;
  }
  return spdlog::level::info;
}

const char* word(Level level) {
  switch (level) {
    case Level::Blather: return "BLAT";
    case Level::Trace: return "TRAC";
    case Level::Debug: return "DEBG";
    case Level::Info: return "INFO";
    case Level::Warn: return "WARN";
    case Level::Error: return "ERRO";
    case Level::Critical: return "CRIT";
  }
  return "INFO";
}

/// "%*" of the pattern: Supervisor's level words.
class LevelWord final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg&, const std::tm&, spdlog::memory_buf_t& out) override {
    const std::string_view w = word(current);
    out.append(w.data(), w.data() + w.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<LevelWord>(); }
};

/// Hands spdlog's formatted lines to our own sink.
class Adaptor final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  explicit Adaptor(std::shared_ptr<LineSink> target) : target_(std::move(target)) {
    auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::local, "\n");
    formatter->add_flag<LevelWord>('*').set_pattern("%Y-%m-%d %H:%M:%S,%e %* %v");
    set_formatter_(std::move(formatter));
  }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    target_->writeLine(current, {line.data(), line.size()});
  }
  void flush_() override {}
  std::shared_ptr<LineSink> target_;
};

/// spdlog's default error handler allocates memory, and an exception there would end the program.
spdlog::logger& logger() {
  static spdlog::logger instance("main");
  static const bool kQuiet = (instance.set_error_handler([](const std::string&) { broken = true; }), true);
  (void)kQuiet;
  return instance;
}

/// False if it could not be written.
bool put(Level level, std::string_view text) noexcept {
  // A sink may log from inside a write (that it cannot write): the line around that one keeps its own level.
  const Level outer = std::exchange(current, level);
  broken = false;
  try {
    logger().log(toSpdlog(level), spdlog::string_view_t(text.data(), text.size()));
  } catch (...) {
    broken = true;
  }
  current = outer;
  return !std::exchange(broken, false);
}

void tellLost() noexcept {
  const auto count = std::exchange(lost, 0);
  char text[96];
  const auto end = fmt::format_to_n(text, sizeof text, "{} lines of this log are missing: out of memory", count);
  if (!put(Level::Warn, {text, std::min(end.size, sizeof text)})) lost += count;
}

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
    line.remove_prefix(std::min(stamp, line.size()));
    while (line.ends_with('\n')) line.remove_suffix(1);
    try {
      std::string fields[] = {fmt::format("MESSAGE={}", line), fmt::format("PRIORITY={}", priority),
                              fmt::format("SYSLOG_IDENTIFIER={}", ::program_invocation_short_name),
                              kTag ? fmt::format("{}={}", kTag->field(), kTag->value()) : std::string()};
      iovec parts[std::size(fields)];
      for (std::size_t i = 0; i < std::size(fields); ++i) parts[i] = {fields[i].data(), fields[i].size()};
      ::sd_journal_sendv(parts, kTag ? std::size(fields) : std::size(fields) - 1);
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

void setSinks(std::vector<std::shared_ptr<LineSink>> sinks) {
  std::vector<spdlog::sink_ptr> all;
  for (auto& sink : sinks) all.push_back(std::make_shared<Adaptor>(std::move(sink)));
  logger().set_level(spdlog::level::trace);
  // The old sinks are destroyed last: their destructors may log, and those lines go to the new ones.
  logger().sinks().swap(all);
}

void setLevel(Level level) noexcept { threshold = level; }
Level level() noexcept { return threshold; }
bool enabled(Level level) noexcept { return level >= threshold; }
std::shared_ptr<LineSink> stderrSink() {
  if (isStderrTheJournal()) return std::make_shared<JournalSink>();
  return std::make_shared<StderrSink>();
}

void countLost() noexcept { ++lost; }

void write(Level level, std::string_view text) noexcept {
  if (!enabled(level)) return;
  if (lost > 0) tellLost();
  if (!put(level, text)) countLost();
}

/// Lines of usual length take no memory.
void vwrite(Level level, fmt::string_view format, fmt::format_args args) noexcept {
  attempt([&] {
    fmt::memory_buffer text;
    fmt::vformat_to(std::back_inserter(text), format, args);
    write(level, {text.data(), text.size()});
  });
}

void Tagged::vlog(Level level, fmt::string_view format, fmt::format_args args) const noexcept {
  if (!enabled(level)) return;
  const auto* const outer = std::exchange(kTag, this);
  vwrite(level, format, args);
  kTag = outer;
}

}  // namespace logging
