// SPDX-License-Identifier: MIT
#include "lib/core/log.hpp"

#include <spdlog/details/null_mutex.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <utility>

namespace logging {
namespace {

Level threshold = Level::Info;
// The level of the line being written: spdlog has no name for Supervisor's "blather".
Level current = Level::Info;

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

spdlog::logger& logger() {
  static spdlog::logger instance("main");
  return instance;
}

class StderrSink final : public LineSink {
 public:
  explicit StderrSink(bool journal) : journal_(journal) {}
  void writeLine(Level level, std::string_view line) noexcept override {
    if (!journal_) {
      (void)!::write(STDERR_FILENO, line.data(), line.size());
      return;
    }
    constexpr std::size_t stamp = sizeof "2026-11-21 00:28:29,056 INFO";
    const int priority = level >= Level::Critical ? 2 : level >= Level::Error ? 3 : level >= Level::Warn ? 4
                         : level >= Level::Info   ? 6
                                                  : 7;
    try {
      const auto text = fmt::format("<{}>{}", priority, line.substr(std::min(stamp, line.size())));
      (void)!::write(STDERR_FILENO, text.data(), text.size());
    } catch (...) {  // out of memory: the line is lost, the program goes on
    }
  }

 private:
  bool journal_;
};

}  // namespace

void setSinks(std::vector<std::shared_ptr<LineSink>> sinks) {
  auto& all = logger().sinks();
  all.clear();
  for (auto& sink : sinks) all.push_back(std::make_shared<Adaptor>(std::move(sink)));
  logger().set_level(spdlog::level::trace);
}

void setLevel(Level level) noexcept { threshold = level; }
Level level() noexcept { return threshold; }
bool enabled(Level level) noexcept { return level >= threshold; }
std::shared_ptr<LineSink> stderrSink(bool journal) { return std::make_shared<StderrSink>(journal); }

void write(Level level, std::string_view text) noexcept {
  if (!enabled(level)) return;
  // A sink may log from inside a write (that it cannot write): the line around that one keeps its own level.
  const Level outer = std::exchange(current, level);
  try {
    logger().log(toSpdlog(level), spdlog::string_view_t(text.data(), text.size()));
  } catch (...) {  // a line that cannot be formatted is lost, the program goes on
  }
  current = outer;
}

void vwrite(Level level, fmt::string_view format, fmt::format_args args) noexcept {
  try {
    write(level, fmt::vformat(format, args));
  } catch (...) {  // as above
  }
}

}  // namespace logging
