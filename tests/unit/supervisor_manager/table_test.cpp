// SPDX-License-Identifier: MIT
#include "ctl/supervisor-manager/table.hpp"

#include <doctest/doctest.h>

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

TEST_CASE("widths count characters, not bytes") {
  CHECK(widthOf("häß") == 3);
  CHECK(fitted("häßlich", 4) == "häß…");
  CHECK(fitted("häß", 3) == "häß");
}

TEST_CASE("control characters of foreign texts do nothing to the terminal") {
  CHECK(fitted("a\033[2Jb\n", 80) == "a\\x1b[2Jb\\n");
}

TEST_CASE("amounts for people") {
  CHECK(bytesText(12) == "12B");
  CHECK(bytesText(1536) == "1.5K");
  CHECK(bytesText(3ULL << 30) == "3.0G");
  CHECK(bytesText(UINT64_MAX) == "-");
  CHECK(durationText(0) == "0s");
  CHECK(durationText(192) == "3min 12s");
  CHECK(durationText(86400 + 3 * 3600 + 59) == "1d 3h");
  CHECK(durationText(3600) == "1h");
}
