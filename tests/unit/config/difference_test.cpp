// SPDX-License-Identifier: MIT
#include "instance/config/difference.hpp"

#include "tests/unit/config/scratch.hpp"

namespace {

using Names = std::vector<std::string>;

Names changed(const std::string& before, const std::string& after) {
  Scratch scratch;
  const auto one = scratch.load(before), two = scratch.load(after);
  REQUIRE(one);
  REQUIRE(two);
  return config::difference(one->groups, two->groups).changed;
}

}  // namespace

TEST_CASE("added, removed, unchanged") {
  Scratch scratch;
  const auto one = scratch.load("[program:a]\ncommand=a\n[program:b]\ncommand=b\n");
  const auto two = scratch.load("[program:c]\ncommand=c\n[program:b]\ncommand=b\n");
  REQUIRE(one);
  REQUIRE(two);
  const auto difference = config::difference(one->groups, two->groups);
  CHECK(difference.added == Names{"c"});
  CHECK(difference.removed == Names{"a"});
  CHECK(difference.changed.empty());
}

TEST_CASE("changes that make a group a changed one") {
  const std::string a = "[program:a]\ncommand=a\n";
  CHECK(changed(a, a).empty());
  CHECK(changed(a, a + "startsecs=2\n") == Names{"a"});
  CHECK(changed(a, a + "priority=2\n") == Names{"a"});
  CHECK(changed(a, "environment=A=\"1\"\n" + a) == Names{"a"});
  CHECK(changed(a, a + "stdout_logfile=/tmp/a.log\n") == Names{"a"});  // AUTO to a file
  CHECK(changed(a, a + "numprocs=2\nprocess_name=a%(process_num)d\n") == Names{"a"});
  const std::string f = "[fcgi-program:f]\ncommand=f\nsocket=unix:///tmp/f.sock\n";
  CHECK(changed(f, f + "socket_mode=0770\n") == Names{"f"});
  const std::string g = "[group:g]\nprograms=f\n" + f;
  CHECK(changed(g, g).empty());
  CHECK(changed(g, g + "socket_backlog=7\n") == Names{"g"});
  CHECK(changed(g, "[group:g]\nprograms=f\n[program:f]\ncommand=f\n") == Names{"g"});
  const std::string l = "[eventlistener:l]\ncommand=l\nevents=TICK_5\n";
  CHECK(changed(l, l + "buffer_size=3\n") == Names{"l"});
  CHECK(changed(l, "[eventlistener:l]\ncommand=l\nevents=TICK_60\n") == Names{"l"});
}
