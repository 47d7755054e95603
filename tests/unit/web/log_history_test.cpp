// SPDX-License-Identifier: MIT
#include "instance/web/log_history.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "instance/web/log_feed.hpp"

namespace {

/// A log of three files, "line 0" to "line 2999", and what they hold together.
struct Log {
  Log() {
    char name[] = "/tmp/sm-log-XXXXXX";
    directory = ::mkdtemp(name);
    path = directory + "/log";
    for (int i = 0; i < 3000; ++i) {
      const std::string line = "line " + std::to_string(i) + (i == 5 ? " Needle" : "") + "\n";
      whole += line;
      append(path + (i < 1000 ? ".2" : i < 2000 ? ".1" : ""), line);
    }
  }
  ~Log() {
    for (const char* suffix : {"", ".1", ".2", ".3"}) std::remove((path + suffix).c_str());
    ::rmdir(directory.c_str());
  }
  static void append(const std::string& file, const std::string& text) {
    std::FILE* out = std::fopen(file.c_str(), "a");
    REQUIRE(out != nullptr);
    std::fwrite(text.data(), 1, text.size(), out);
    std::fclose(out);
  }
  void rotate() const {
    for (int i = 2; i >= 0; --i)
      std::rename((path + (i ? "." + std::to_string(i) : "")).c_str(), (path + "." + std::to_string(i + 1)).c_str());
  }
  std::string directory, path, whole;
};

}  // namespace

TEST_CASE("a position is converted to text and back") {
  const web::Place place{"1f-2-3", 400};
  CHECK(web::Place::parse(place.text()) == place);
  for (const char* const wrong :
       {"", ".", "1f", ".4", "1f.", "1f.x", "1f.-1", "1G.4", "../x.4", "1.99999999999999999999"})
    CHECK_FALSE(web::Place::parse(wrong).has_value());
}

TEST_CASE("a log is read backwards and forwards over its files, line by line") {
  const Log log;
  const web::LogHistory history(log.path);
  std::string back;
  auto part = history.before(std::nullopt, 1000);
  REQUIRE(part.has_value());
  CHECK_FALSE(part->newer.has_value());
  web::Place first;
  for (;;) {
    CHECK(part->text.starts_with("line "));
    CHECK(part->text.size() <= 1000);
    back.insert(0, part->text);
    first = part->begin;
    if (!part->older) break;
    part = history.before(part->older, 1000);
    REQUIRE(part.has_value());
    CHECK(part->newer.has_value());
  }
  CHECK(back == log.whole);
  std::string forth;
  for (std::optional<web::Place> at = first; at;) {
    part = history.after(*at, 1000);
    REQUIRE(part.has_value());
    CHECK(part->text.ends_with('\n'));
    forth += part->text;
    at = part->newer;
  }
  CHECK(forth == log.whole);
}

TEST_CASE("a position stays valid when the log rotates, until its file is removed") {
  Log log;
  const web::LogHistory history(log.path);
  const auto part = history.before(std::nullopt, 1000);
  log.rotate();
  Log::append(log.path, "new\n");
  CHECK(history.before(part->older, 1000)->end == *part->older);
  CHECK(history.after(part->begin, 1 << 20)->text == part->text);
  CHECK(history.after(*history.after(part->begin, 1 << 20)->newer, 100)->text == "new\n");
  std::remove((log.path + ".1").c_str());
  CHECK_FALSE(history.before(part->older, 1000).has_value());
}

TEST_CASE("a line longer than the read limit is cut, and a missing file has no lines") {
  Log log;
  Log::append(log.path, std::string(5000, 'x'));
  const web::LogHistory history(log.path);
  const auto part = history.before(std::nullopt, 1000);
  CHECK(part->text == std::string(1000, 'x'));
  CHECK(history.before(part->older, 1000)->text == std::string(1000, 'x'));
  CHECK_FALSE(web::LogHistory(log.path + ".none").before(std::nullopt, 1000).has_value());
  CHECK_FALSE(web::LogHistory("").current().has_value());
  CHECK_FALSE(web::LogHistory("/dev/null").current().has_value());
}

TEST_CASE("a search goes through all files, newest lines first") {
  Log log;
  Log::append(log.path, "a needle and a NEEDLE\n");
  const web::LogHistory history(log.path);
  std::vector<std::string> lines;
  std::optional<web::Place> place;
  int parts = 0;
  do {
    const auto found = history.search("nEEdle", place);
    for (const auto& line : found.lines) lines.push_back(line.text);
    place = found.older;
    ++parts;
  } while (place);
  CHECK(parts == 3);
  CHECK(lines == std::vector<std::string>{"a needle and a NEEDLE", "line 5 Needle"});
  const auto many = history.search("line", std::nullopt);
  CHECK(many.lines.size() == 200);
  CHECK(history.search("line", many.older).lines.front().text == "line 2799");
  CHECK(history.search("", std::nullopt).lines.empty());
  CHECK(history.after(history.search("line 2500", std::nullopt).lines.at(0).begin, 20)->text ==
        "line 2500\nline 2501\n");
}

TEST_CASE("a feed continues at its position, over rotations, and reports when it cannot") {
  Log log;
  output::AppendNotice notice;
  const auto next = [](web::LogFeed& feed) { return feed.more(64 * 1024); };
  web::LogFeed feed(log.path, std::nullopt, notice);
  CHECK(next(feed) == "retry: 2000\n\n");
  CHECK(next(feed).empty());
  Log::append(log.path, "caf\xC3");
  const auto cut = next(feed);
  CHECK(cut.find(R"("restarted":false,"text":"caf"})") != std::string::npos);
  const auto place = web::Place::parse(cut.substr(4, cut.find('\n') - 4));
  CHECK(next(feed).empty());
  Log::append(log.path, "\xA9\n");
  log.rotate();
  Log::append(log.path, "new\n");
  CHECK(next(feed).find("\"text\":\"\xC3\xA9\\n\"}") != std::string::npos);
  CHECK(next(feed).find(R"("restarted":false,"text":"new\n"})") != std::string::npos);
  CHECK(next(feed).empty());
  // Another feed, as of a page that lost its connection.
  web::LogFeed late(log.path, place, notice);
  CHECK(next(late) == "retry: 2000\n\n");
  CHECK(next(late).find("\"text\":\"\xC3\xA9\\n\"}") != std::string::npos);
  CHECK(next(late).find(R"("text":"new\n"})") != std::string::npos);
  // Truncated, then removed.
  CHECK(::truncate(log.path.c_str(), 0) == 0);
  Log::append(log.path, "cut\n");
  CHECK(::truncate(log.path.c_str(), 1) == 0);
  CHECK(next(feed).find(R"("restarted":true,"text":"c"})") != std::string::npos);
  web::LogFeed lost(log.path, web::Place{"1-2-3", 7}, notice);
  CHECK(next(lost) == "retry: 2000\n\n");
  CHECK(next(lost).find(R"("restarted":true,"text":"c"})") != std::string::npos);
}
