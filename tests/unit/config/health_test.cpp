// SPDX-License-Identifier: MIT
#include <signal.h>

#include "lib/dialect/health.hpp"
#include "tests/unit/config/scratch.hpp"

using config::Health;
using core::milliseconds;
using core::seconds;
using TargetKind = config::ProbeTarget::Kind;

namespace {

/// What [program:x] with these keys has.
Health health(const std::string& keys) {
  Scratch scratch;
  const auto loaded = scratch.load("[program:x]\ncommand=/bin/cat\n" + keys);
  REQUIRE_MESSAGE(loaded.has_value(), (loaded ? "" : loaded.error().text));
  const auto& extension = loaded->groups.at(0)->processes.at(0)->extension;
  REQUIRE(extension.given());
  return extension->health;
}

std::string whyRefused(const std::string& keys) {
  Scratch scratch;
  return scratch.refusal("[program:x]\ncommand=/bin/cat\n" + keys);
}

}  // namespace

TEST_CASE("a program without these keys has none of them") {
  Scratch scratch;
  const auto loaded = scratch.load("[program:x]\ncommand=/bin/cat\n");
  CHECK_FALSE(loaded->groups.at(0)->processes.at(0)->extension.given());
}

TEST_CASE("the defaults of a health check") {
  const auto found = health("health_check=tcp:80\n");
  CHECK(found.check.kind == TargetKind::Tcp);
  CHECK(found.rules.probed);
  CHECK(found.rules.interval == seconds(10));
  CHECK(found.rules.timeout == seconds(5));
  CHECK(found.rules.retries == 3);
  CHECK(found.rules.startPeriod == seconds(0));
  CHECK(found.rules.watchdog == seconds(0));
  CHECK(found.action == Health::Action::Restart);
  CHECK(found.memoryLimit == 0);
  CHECK(found.memoryInterval == seconds(10));
}

TEST_CASE("every key of health") {
  const auto found = health(
      "health_check=exec:/bin/check %(process_num)d\nhealth_interval=1m\nhealth_timeout=500ms\nhealth_retries=7\n"
      "health_start_period=1.5\nhealth_action=Signal usr1\nwatchdog=20\nmemory_restart=500MB\nmemory_interval=2s\n");
  CHECK(found.check.kind == TargetKind::Exec);
  CHECK(found.check.place == "/bin/check 0");
  CHECK(found.rules.interval == seconds(60));
  CHECK(found.rules.timeout == milliseconds(500));
  CHECK(found.rules.retries == 7);
  CHECK(found.rules.startPeriod == milliseconds(1500));
  CHECK(found.rules.watchdog == seconds(20));
  CHECK(found.action == Health::Action::Signal);
  CHECK(found.signal == SIGUSR1);
  CHECK(found.memoryLimit == std::int64_t{500} << 20);
  CHECK(found.memoryInterval == seconds(2));
  CHECK(health("health_action=stop\n").action == Health::Action::Stop);
  CHECK(health("health_action=none\n").action == Health::Action::None);
}

TEST_CASE("a watchdog needs a time") {
  CHECK(health("health_check=watchdog\n").rules.watchdog == seconds(30));
  CHECK_FALSE(health("health_check=watchdog\n").rules.probed);
  CHECK(health("health_check=watchdog\nwatchdog=5\n").rules.watchdog == seconds(5));
  CHECK(health("watchdog=5\n").rules.any());
  CHECK(whyRefused("health_check=watchdog\nwatchdog=0\n") ==
        "health_check = watchdog needs a time, such as 30 for key 'watchdog' in section 'program:x' (file: "
        "'DIR/root.conf', line 6)");
}

TEST_CASE("none switches a check off") {
  for (const auto* none : {"none", "None", ""}) {
    const auto found = health(std::string("health_check=") + none + "\n");
    CHECK_FALSE(found.rules.any());
    CHECK(found.check.kind == TargetKind::None);
  }
  CHECK_FALSE(health("watchdog=0\n").rules.any());
}

TEST_CASE("what is wrong is named with its place") {
  CHECK(whyRefused("health_check=ftp:21\n").find("'ftp:21' is not a check: tcp:") == 0);
  CHECK(whyRefused("health_check=tcp:nowhere:21\n") ==
        "'nowhere' is neither an address nor localhost (write an address as 127.0.0.1 or [::1]) for key 'health_check' "
        "in section 'program:x' (file: 'DIR/root.conf', line 5)");
  CHECK(whyRefused("health_interval=0.09\n").find("'0.09' is shorter than 0.1 seconds for key 'health_interval'") == 0);
  CHECK(whyRefused("health_timeout=0\n").find("'0' is shorter than 0.1 seconds for key 'health_timeout'") == 0);
  CHECK(whyRefused("health_retries=0\n").find("'0' is not a number of failures from 1 on") == 0);
  CHECK(whyRefused("health_action=signal\n").find("'signal' is not restart, stop, signal NAME or none") == 0);
  CHECK(whyRefused("watchdog=1ms\n").find("'1ms' is shorter than 0.1 seconds for key 'watchdog'") == 0);
  CHECK(whyRefused("memory_restart=-1\n").find("'-1' is not a size in bytes") == 0);
  CHECK(whyRefused("memory_restart=10XB\n").find("'10XB' is not a size in bytes, such as 500MB for key") == 0);
}
