// SPDX-License-Identifier: MIT
#include "ctl/supervisor-manager/table.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <time.h>

using namespace manager;

TEST_CASE("columns are as wide as their widest cell") {
  Table table({"NAME", "STATE"});
  table.add({"tsupv", "running"});
  table.add({"a", ""});
  CHECK(table.text(true, 0) == "NAME   STATE\ntsupv  running\na\n");
  CHECK(table.text(false, 0) == "tsupv  running\na\n");
}

TEST_CASE("the last column is cut at the edge of the terminal") {
  Table table({"NAME", "REASON"});
  table.add({"a", "a very long reason"});
  CHECK(table.text(false, 15) == "a  a very long…\n");
  CHECK(table.text(false, 0) == "a  a very long reason\n");
}

TEST_CASE("a table is not wider than the terminal: the widest columns are cut first") {
  Table table({"NAME", "USER", "STATE", "PID", "BOOT", "REASON"});
  table.add({std::string(60, 'n'), std::string(40, 'u'), "running", "4392", "enabled", std::string(90, 'r')});
  table.add({"short", "tsup", "inactive", "-", "enabled", ""});
  for (const std::size_t width : {60U, 80U, 100U, 120U}) {
    const auto text = table.text(true, width);
    for (std::size_t at = 0; at < text.size();) {
      const auto end = text.find('\n', at);
      CHECK(widthOf(text.substr(at, end - at)) <= width);
      at = end + 1;
    }
    CHECK(text.find("  running   4392  enabled  ") != std::string::npos);
    CHECK(text.find("\nshort ") != std::string::npos);
    CHECK(text.find("nnnn…") != std::string::npos);
  }
  // In a terminal that is too narrow each column keeps its minimum width.
  CHECK(table.text(false, 10).find("nnn…  uuu…  run…  4392  ena…  rrrrrrr…\n") == 0);
  CHECK(table.text(true, 0).find(std::string(60, 'n')) != std::string::npos);
}

TEST_CASE("wide and combining characters count as the columns that they take") {
  CHECK(widthOf("日本") == 4);
  CHECK(widthOf("e\u0301") == 1);
  CHECK(fitted("日本語", 5) == "日本…");
  CHECK(fitted("日本語", 4) == "日…");
  Table table({"NAME", "STATE"});
  table.add({"日本", "running"});
  table.add({"abcd", "running"});
  CHECK(table.text(false, 0) == "日本  running\nabcd  running\n");
}

TEST_CASE("widths count characters, not bytes") {
  CHECK(widthOf("häß") == 3);
  CHECK(fitted("häßlich", 4) == "häß…");
  CHECK(fitted("häß", 3) == "häß");
}

TEST_CASE("control characters in texts of others do not reach the terminal") {
  CHECK(fitted("a\033[2Jb\n", 80) == "a\\x1b[2Jb\\n");
}

TEST_CASE("amounts for people") {
  CHECK(bytesText(12) == "12B");
  CHECK(bytesText(1536) == "1.5K");
  CHECK(bytesText(3ULL << 30) == "3.0G");
  CHECK(bytesText(UINT64_MAX) == "-");
  ::setenv("TZ", "UTC-2", 1);
  ::tzset();
  CHECK(localTimeText("%a %Y-%m-%d %H:%M:%S", 86400) == "Fri 1970-01-02 02:00:00");
  ::unsetenv("TZ");
  ::tzset();
  CHECK(durationText(0) == "0s");
  CHECK(durationText(192) == "3min 12s");
  CHECK(durationText(86400 + 3 * 3600 + 59) == "1d 3h");
  CHECK(durationText(3600) == "1h");
}
