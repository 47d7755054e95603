// SPDX-License-Identifier: MIT
#include "lib/dialect/readiness.hpp"

#include <regex.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <utility>

#include <fmt/core.h>

#include "lib/core/files.hpp"
#include "lib/core/text.hpp"
#include "lib/dialect/possible.hpp"
#include "lib/dialect/section_reader.hpp"
#include "lib/dialect/values.hpp"

namespace config {
namespace {

using ReadyKind = Readiness::Kind;

constexpr std::size_t kLongestPattern = 256;
constexpr long kMostRepetitions = 1000;
/// As the tables of a process are: nobody needs more, and each number below takes a step of the start.
constexpr int kHighestDescriptor = 63;

/// What follows "WORD:", trimmed; nullopt: the text begins with something else.
std::optional<std::string> after(std::string_view word, std::string_view text) {
  if (!text.starts_with(word) || text.size() <= word.size() || text[word.size()] != ':') return std::nullopt;
  return std::string(core::trim(text.substr(word.size() + 1)));
}

core::Expected<Readiness> parseDescriptor(const std::string& number) {
  const auto descriptor = parseInteger(number);
  if (!descriptor || *descriptor < 3 || *descriptor > kHighestDescriptor)
    return refused(
        fmt::format("{} is not a descriptor from 3 to {} (write fd:3)", core::pythonRepr(number), kHighestDescriptor));
  Readiness out;
  out.kind = ReadyKind::Descriptor;
  out.descriptor = *descriptor;
  return out;
}

core::Expected<Readiness> parseLog(std::string pattern) {
  if (auto good = checkPattern(pattern); !good) return core::Err{good.error()};
  Readiness out;
  out.kind = ReadyKind::Log;
  out.place = std::move(pattern);
  return out;
}

core::Expected<Readiness> parseFile(std::string_view path) {
  Readiness out;
  out.kind = ReadyKind::File;
  out.place = core::expandHome(path);
  if (out.place.empty() || out.place.back() == '/') return refused("file: needs the path of a file");
  return out;
}

core::Expected<Readiness> parseProbe(std::string_view text) {
  auto target = parseProbeTarget(text);
  if (!target) return core::Err{std::move(target).error()};
  Readiness out;
  out.kind = ReadyKind::Probe;
  out.probe = std::move(*target);
  return out;
}

/// Shorter pauses would keep the processor busy.
constexpr core::milliseconds kShortestInterval{10};

core::Expected<core::milliseconds> parseInterval(std::string_view text) {
  auto interval = parseDuration(text);
  if (interval && *interval < kShortestInterval) return refused(core::pythonRepr(text) + " is less than 10ms");
  return interval;
}

core::Expected<Readiness> parseReady(std::string_view text) {
  text = core::trim(text);
  if (text == "notify") {
    Readiness out;
    out.kind = ReadyKind::Notify;
    return out;
  }
  if (const auto number = after("fd", text)) return parseDescriptor(*number);
  if (auto pattern = after("log", text)) return parseLog(std::move(*pattern));
  if (const auto path = after("file", text)) return parseFile(*path);
  if (isProbeTarget(text)) return parseProbe(text);
  return refused(
      core::pythonRepr(text) +
      " is not notify, fd:NUMBER, log:PATTERN, file:PATH, tcp:[HOST:]PORT, unix:PATH, http://HOST:PORT/PATH or "
      "exec:COMMAND");
}

core::Expected<NotifyAccess> parseAccess(std::string_view text) {
  const auto word = core::lower(text);
  if (word == "none") return NotifyAccess::None;
  if (word == "main") return NotifyAccess::Main;
  if (word == "all") return NotifyAccess::All;
  return refused(core::pythonRepr(text) + " is not none, main or all");
}

/// How many copies of what is before it regcomp() makes for the quantifier at `at`, so that those of nested ones
/// multiply. A single character before a + is not worth counting.
long copiesFor(const std::string& pattern, std::size_t at, char before) {
  if (pattern[at] == '+') return std::string_view(")}+*?").find(before) == std::string_view::npos ? 1 : 2;
  if (pattern[at] != '{') return 1;
  const auto number = [&](std::size_t from) { return std::strtol(pattern.c_str() + from, nullptr, 10); };
  const auto end = std::min(pattern.find('}', at), pattern.size());
  const auto comma = pattern.find(',', at);
  const bool open = comma < end && comma + 1 == end;  // "{9,}": nine, and any number more
  const long most =
      open ? std::clamp(number(at + 1), 0L, kMostRepetitions) + 1 : number(comma < end ? comma + 1 : at + 1);
  return std::clamp(most, 1L, kMostRepetitions + 1);
}

}  // namespace

core::Status checkPattern(const std::string& pattern) {
  if (pattern.empty()) return refused("the pattern is empty");
  if (pattern.size() > kLongestPattern)
    return refused(fmt::format("the pattern has {} bytes, {} are allowed", pattern.size(), kLongestPattern));
  long repetitions = 1;
  char before = '\0';
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\') {
      if (++i < pattern.size() && std::isdigit(static_cast<unsigned char>(pattern[i])) != 0)
        return refused("the pattern refers back to a group, which can take very long: write it without \\" +
                       pattern.substr(i, 1));
      before = '\\';
      continue;
    }
    repetitions *= copiesFor(pattern, i, std::exchange(before, pattern[i]));
    if (repetitions > kMostRepetitions)
      return refused("the pattern repeats too much: its counts multiply to over 1000");
  }
  regex_t compiled;
  if (const int code = ::regcomp(&compiled, pattern.c_str(), REG_EXTENDED | REG_NOSUB); code != 0) {
    char why[128];
    ::regerror(code, &compiled, why, sizeof why);
    return refused(fmt::format("{} is not a regular expression: {}", core::pythonRepr(pattern), why));
  }
  ::regfree(&compiled);
  return {};
}

bool isPossible(const Readiness& readiness) noexcept {
  if (!isPossible(readiness.timeout) || !isPossible(readiness.interval)) return false;
  if (readiness.interval < kShortestInterval || !isPossible(readiness.probe)) return false;
  switch (readiness.kind) {
    case ReadyKind::None: return true;
    case ReadyKind::Notify: return readiness.access != NotifyAccess::None;
    case ReadyKind::Descriptor: return readiness.descriptor >= 3 && readiness.descriptor <= kHighestDescriptor;
    case ReadyKind::Log:
    case ReadyKind::File: return !readiness.place.empty();
    case ReadyKind::Probe: return readiness.probe.kind != ProbeTarget::Kind::None;
  }
  return false;
}

void readReadiness(SectionReader& in, const core::Names& names, Readiness& readiness) {
  in.take("ready", names, parseReady, readiness);
  if (readiness.kind == ReadyKind::Notify) readiness.access = NotifyAccess::Main;
  in.take("ready_timeout", names, parseDuration, readiness.timeout);
  in.take("ready_interval", names, parseInterval, readiness.interval);
  in.take("notify_access", names, parseAccess, readiness.access);
  in.take("notify_status", names, parseBoolean, readiness.showStatus);
  if (readiness.access != NotifyAccess::None) return;
  if (readiness.kind == ReadyKind::Notify) in.conflict("notify_access", {"ready"}, "ready=notify needs main or all");
  if (readiness.showStatus)
    in.conflict("notify_status", {"notify_access"}, "nothing is received without ready=notify or notify_access=main");
}

}  // namespace config
