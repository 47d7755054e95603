// SPDX-License-Identifier: MIT
#include "lib/core/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <iterator>
#include <utility>

#include "lib/core/log_sink.hpp"

namespace logging {
namespace {

using Sinks = std::vector<std::shared_ptr<LineSink>>;
using Line = fmt::memory_buffer;  // a line of usual length takes no memory

Level threshold = Level::Info;
const Tagged* tag = nullptr;  // of the line being written
std::uint64_t lost = 0;       // lines lost because of missing memory and not reported yet

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

Sinks& sinks() {
  static Sinks all;
  return all;
}

/// The local time of `second`, computed once for all lines of a second.
const std::tm& localTime(std::time_t second) noexcept {
  static std::time_t known = -1;
  static std::tm local{};
  if (second != known) {
    ::localtime_r(&second, &local);
    known = second;
  }
  return local;
}

/// "2026-11-21 00:28:29,056 INFO ".
void appendStamp(Line& line, Level level) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  const auto millis = std::chrono::floor<std::chrono::milliseconds>(now - second).count();
  const std::tm& t = localTime(second.count());
  fmt::format_to(std::back_inserter(line), "{:04}-{:02}-{:02} {:02}:{:02}:{:02},{:03} {} ", t.tm_year + 1900,
                 t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, millis, word(level));
}

/// False if it could not be written.
bool put(Level level, std::string_view text) noexcept {
  try {
    Line line;
    appendStamp(line, level);
    line.append(text);
    line.push_back('\n');
    for (const auto& sink : sinks()) sink->writeLine(level, {line.data(), line.size()});
    return true;
  } catch (...) {
    return false;
  }
}

void tellLost() noexcept {
  const auto count = std::exchange(lost, 0);
  char text[96];
  const auto end = fmt::format_to_n(text, sizeof text, "{} lines of this log are missing: out of memory", count);
  if (!put(Level::Warn, {text, std::min(end.size, sizeof text)})) lost += count;
}

}  // namespace

void setSinks(Sinks replacements) {
  // The old sinks are destroyed last: their destructors may log, and those lines go to the new ones.
  sinks().swap(replacements);
}

const Tagged* lineTag() noexcept { return tag; }

void setLevel(Level level) noexcept { threshold = level; }
Level level() noexcept { return threshold; }
bool enabled(Level level) noexcept { return level >= threshold; }

void countLost() noexcept { ++lost; }

void write(Level level, std::string_view text) noexcept {
  if (!enabled(level)) return;
  if (lost > 0) tellLost();
  if (!put(level, text)) countLost();
}

/// Lines of usual length take no memory.
void vwrite(Level level, fmt::string_view format, fmt::format_args args) noexcept {
  attempt([&] {
    Line text;
    fmt::vformat_to(std::back_inserter(text), format, args);
    write(level, {text.data(), text.size()});
  });
}

void Tagged::vlog(Level level, fmt::string_view format, fmt::format_args args) const noexcept {
  if (!enabled(level)) return;
  const auto* const outer = std::exchange(tag, this);
  vwrite(level, format, args);
  tag = outer;
}

}  // namespace logging
