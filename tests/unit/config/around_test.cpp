// SPDX-License-Identifier: MIT
#include "lib/dialect/around.hpp"

#include "tests/unit/config/scratch.hpp"

using config::AroundCommand;
using core::milliseconds;

TEST_CASE("one command a line, '-' makes it optional") {
  const auto parsed = config::parseAroundCommands("/bin/a 'b c'\n\n-/bin/d\n  -   e f  \n");
  REQUIRE(parsed.has_value());
  CHECK(*parsed == std::vector<AroundCommand>{{"/bin/a 'b c'", false}, {"/bin/d", true}, {"e f", true}});
  for (const char* const bad : {"", " \n ", "-", "a\n-\nb", "a 'b", "''\\"}) {
    CAPTURE(bad);
    CHECK_FALSE(config::parseAroundCommands(bad).has_value());
  }
  CHECK_FALSE(config::parseAroundCommands([] {
                std::string many;
                for (int i = 0; i < 101; ++i) many += "a\n";
                return many;
              }())
                  .has_value());
}

TEST_CASE("the keys of the commands around a program") {
  Scratch scratch;
  const auto loaded = scratch.load(
      "[program:x]\ncommand=/bin/cat\nnumprocs=2\nprocess_name=x%(process_num)s\n"
      "exec_start_pre=a %(process_num)s\n -b\nexec_start_post=c\nexec_stop=d\nexec_stop_post=e\n"
      "exec_start_pre_timeout=1.5\nexec_start_post_timeout=2m\nexec_stop_timeout=3\nexec_stop_post_timeout=4ms\n");
  REQUIRE_MESSAGE(loaded.has_value(), (loaded ? "" : loaded.error().text));
  const auto& around = loaded->groups.at(0)->processes.at(1)->extension->around;
  CHECK(around.startPre.list == std::vector<AroundCommand>{{"a 1", false}, {"b", true}});
  CHECK(around.startPost.list == std::vector<AroundCommand>{{"c", false}});
  CHECK(around.stop.list == std::vector<AroundCommand>{{"d", false}});
  CHECK(around.stopPost.list == std::vector<AroundCommand>{{"e", false}});
  CHECK(around.startPre.limit == milliseconds(1500));
  CHECK(around.startPost.limit == milliseconds(120'000));
  CHECK(around.stop.limit == milliseconds(3000));
  CHECK(around.stopPost.limit == milliseconds(4));
}

TEST_CASE("without its keys a program has no commands around it") {
  Scratch scratch;
  const auto loaded = scratch.load("[program:x]\ncommand=/bin/cat\n");
  REQUIRE(loaded.has_value());
  CHECK(loaded->groups.at(0)->processes.at(0)->extension->around.empty());
  CHECK_FALSE(loaded->groups.at(0)->processes.at(0)->extension.given());
}
