// SPDX-License-Identifier: MIT
#include "lib/core/log.hpp"

#include <doctest/doctest.h>

#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "lib/core/log_sink.hpp"

namespace {

/// Keeps its lines, and the tag that each had.
struct Kept final : logging::LineSink {
  void writeLine(logging::Level level, std::string_view line) noexcept override {
    lines.emplace_back(line);
    levels.push_back(level);
    const auto* const tag = logging::lineTag();
    tags.push_back(tag == nullptr ? "" : std::string(tag->field()) + "=" + std::string(tag->value()));
  }
  std::vector<std::string> lines, tags;
  std::vector<logging::Level> levels;
};

/// Sinks that keep what is logged at every level, for one test.
struct Log {
  Log() {
    logging::setSinks({first, second});
    logging::setLevel(logging::Level::Blather);
  }
  ~Log() {
    logging::setSinks({});
    logging::setLevel(logging::Level::Info);
  }
  std::shared_ptr<Kept> first = std::make_shared<Kept>(), second = std::make_shared<Kept>();
};

constexpr std::size_t kTime = sizeof "2026-11-21 00:28:29" - 1;
constexpr std::size_t kStamp = sizeof "2026-11-21 00:28:29,056 " - 1;

}  // namespace

TEST_CASE("a line has the local time with milliseconds, Supervisor's word for its level, and the text") {
  const Log log;
  const std::time_t before = std::time(nullptr);
  logging::info("{} of {}", 1, "two");
  const std::time_t after = std::time(nullptr);
  REQUIRE(log.first->lines.size() == 1);
  const std::string& line = log.first->lines.front();
  CHECK(line.substr(kStamp) == "INFO 1 of two\n");
  CHECK(line[kTime] == ',');
  CHECK(line.find_first_not_of("0123456789", kTime + 1) == kStamp - 1);
  std::tm local{};
  local.tm_isdst = -1;
  const char* const rest = ::strptime(line.c_str(), "%Y-%m-%d %H:%M:%S", &local);
  REQUIRE(rest == line.c_str() + kTime);
  const std::time_t when = std::mktime(&local);
  CHECK(when >= before);
  CHECK(when <= after);
}

TEST_CASE("each level has its word, each sink gets the line, and a level below the threshold is dropped") {
  using logging::Level;
  const Log log;
  const std::vector<std::pair<Level, std::string>> words{
      {Level::Blather, "BLAT"}, {Level::Trace, "TRAC"}, {Level::Debug, "DEBG"},   {Level::Info, "INFO"},
      {Level::Warn, "WARN"},    {Level::Error, "ERRO"}, {Level::Critical, "CRIT"}};
  for (const auto& [level, word] : words) {
    logging::write(level, "100 % {}");
    CHECK(log.first->lines.back().substr(kStamp) == word + " 100 % {}\n");
    CHECK(log.first->levels.back() == level);
  }
  CHECK(log.second->lines == log.first->lines);
  logging::setLevel(Level::Warn);
  logging::info("not this");
  CHECK(log.first->lines.size() == words.size());
}

TEST_CASE("a tag is that of its line only; a long line is whole") {
  const Log log;
  const logging::Tagged tagged("UNIT", "tsupv");
  const std::string text(5000, 'x');
  tagged.warn("{}", text);
  logging::warn("plain");
  CHECK(log.first->lines.front().substr(kStamp) == "WARN " + text + "\n");
  CHECK(log.first->tags == std::vector<std::string>{"UNIT=tsupv", ""});
}

TEST_CASE("lines that were lost are counted in front of the next one") {
  const Log log;
  logging::countLost();
  logging::countLost();
  logging::info("again");
  REQUIRE(log.first->lines.size() == 2);
  CHECK(log.first->lines[0].substr(kStamp) == "WARN 2 lines of this log are missing: out of memory\n");
  CHECK(log.first->lines[1].substr(kStamp) == "INFO again\n");
}
