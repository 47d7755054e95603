// SPDX-License-Identifier: MIT
#include "lib/lifecycle/pacing.hpp"

#include "tests/unit/config/scratch.hpp"

namespace {

std::string refusedPacing(const std::string& keys) {
  Scratch scratch;
  return scratch.refusal("[program:x]\ncommand=/bin/cat\n" + keys);
}

}  // namespace

TEST_CASE("a program without keys of ours has no extension") {
  Scratch scratch;
  const auto loaded = scratch.load("[program:x]\ncommand=/bin/cat\nstartretries=-1\n");
  REQUIRE(loaded);
  CHECK_FALSE(loaded->groups.at(0)->processes.at(0)->extension.given());
  CHECK(loaded->groups.at(0)->processes.at(0)->startRetries == -1);
}

TEST_CASE("the keys of a pacing, in every kind of program") {
  for (const std::string section :
       {"[program:x]\n", "[eventlistener:x]\nevents=TICK_5\n", "[fcgi-program:x]\nsocket=unix://%(here)s/f.sock\n"}) {
    Scratch scratch;
    const auto loaded = scratch.load(section +
                                     "command=/bin/cat\nnumprocs=2\nprocess_name=p%(process_num)s\n"
                                     "restart_delay=1.%(process_num)s\nrestart_delay_max=5m\nrestart_delay_factor=1.5\n"
                                     "restart_limit=5/2m\nfatal_retry=1h\n");
    REQUIRE_MESSAGE(loaded.has_value(), (loaded ? "" : loaded.error().text));
    const auto& second = *loaded->groups.at(0)->processes.at(1);
    const auto& pacing = second.extension->pacing;
    CHECK(pacing.delay == core::milliseconds(1100));
    CHECK(pacing.maxDelay == core::milliseconds(300'000));
    CHECK(pacing.factor == 1500);
    CHECK(pacing.limit == 5);
    CHECK(pacing.limitWindow == core::seconds(120));
    CHECK(pacing.fatalRetry == core::seconds(3600));
    CHECK(second.extension->given.at(0) == std::pair<std::string, std::string>{"restart_delay", "1.1"});
    CHECK(second.extension->given.size() == 5);
  }
}

TEST_CASE("a pacing that is refused names key, section, file and line") {
  CHECK(refusedPacing("restart_delay=soon\n") ==
        "not a valid duration: 'soon', it is a number of seconds, or one with a unit (500ms, 2s, 5m, 1h, 2d) for key "
        "'restart_delay' in section 'program:x' (file: 'DIR/root.conf', line 5)");
  for (const std::string key : {"restart_delay", "restart_delay_max", "fatal_retry"})
    for (const std::string value : {"", "-1", "1x", "1.", ".5", "1e3", "0x1", "1 2", "99999999999999", "1.2345"}) {
      const auto text = refusedPacing(key + "=" + value + "\n");
      INFO(key, "=", value);
      CHECK(text.find("not a valid duration") == 0);
      CHECK(text.find("for key '" + key + "' in section 'program:x' (file: 'DIR/root.conf', line 5)") !=
            std::string::npos);
    }
  for (const std::string value : {"", "0.9", "-2", "1001", "twice"})
    CHECK(refusedPacing("restart_delay_factor=" + value + "\n").find("not a valid factor: '" + value + "'") == 0);
  for (const std::string value : {"", "5", "5/", "/60", "0/60", "-1/60", "5/0", "5/60/2", "x/60"})
    CHECK(refusedPacing("restart_limit=" + value + "\n").find("'" + value + "' is not COUNT/SECONDS") == 0);
  CHECK(refusedPacing("restart_limit=1001/60\n").find("1001 restarts are more than 1000 for key") == 0);
}

TEST_CASE("a delay above the longest one is warned of") {
  Scratch scratch;
  const std::string place = " in section 'program:x' (file: 'DIR/root.conf', line 5)";
  for (const auto& [longest, text] : {std::pair("5", "5 seconds"), {"0", "0 seconds"}, {"9.5", "9.5 seconds"}}) {
    const auto loaded =
        scratch.load("[program:x]\ncommand=cat\nrestart_delay=10\nrestart_delay_max=" + std::string(longest) + "\n");
    REQUIRE(loaded);
    REQUIRE(loaded->messages.size() == 1);
    CHECK(scratch.withoutPath(loaded->messages[0].text) ==
          "Key 'restart_delay' is more than 'restart_delay_max', which counts: restarts follow after " +
              std::string(text) + place);
  }
  const auto good = scratch.load("[program:x]\ncommand=cat\nrestart_delay=10\nrestart_delay_max=10\n");
  REQUIRE(good);
  CHECK(good->messages.empty());
}
