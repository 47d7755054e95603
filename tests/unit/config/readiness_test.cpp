// SPDX-License-Identifier: MIT
#include "lib/dialect/readiness.hpp"

#include <string>
#include <utility>

#include "tests/unit/config/scratch.hpp"

using config::NotifyAccess;
using ReadyKind = config::Readiness::Kind;

namespace {

config::Readiness readiness(const std::string& keys) {
  Scratch scratch;
  const auto loaded = scratch.load("[program:x]\ncommand=/bin/cat\nprocess_name=x%(process_num)d\nnumprocs=2\n" + keys);
  REQUIRE_MESSAGE(loaded.has_value(), (loaded ? "" : loaded.error().text));
  return loaded->groups.at(0)->processes.at(1)->extension->readiness;
}

}  // namespace

TEST_CASE("ready is read as its kind") {
  CHECK(readiness("") == config::Readiness());
  CHECK(readiness("ready=notify\n").kind == ReadyKind::Notify);
  CHECK(readiness("ready=fd:5\n").descriptor == 5);
  CHECK(readiness("ready= log: ^up: [0-9]{1,3}$ \n").place == "^up: [0-9]{1,3}$");
  CHECK(readiness("ready=file:/run/x%(process_num)d\n").place == "/run/x1");
  const auto probe = readiness("ready=tcp:80%(process_num)d\nready_interval=2\n");
  CHECK(probe.kind == ReadyKind::Probe);
  CHECK(probe.probe.port == 801);
  CHECK(probe.interval == core::seconds(2));
  CHECK(readiness("ready=http://[::1]:8080/x 204\n").probe.kind == config::ProbeTarget::Kind::Http);
  CHECK(readiness("ready=exec:/bin/true\n").probe.place == "/bin/true");
  for (const char* const ready : {"", "notify", "fd:3", "log:x", "file:/x", "unix:/x"}) {
    CAPTURE(ready);
    CHECK(config::isPossible(readiness(*ready == '\0' ? "" : std::string("ready=") + ready + "\n")));
  }
}

TEST_CASE("who may notify is the process itself, unless the configuration has another value") {
  CHECK(readiness("ready=notify\n").access == NotifyAccess::Main);
  CHECK(readiness("ready=notify\nnotify_access=ALL\n").access == NotifyAccess::All);
  CHECK(readiness("ready=fd:3\n").access == NotifyAccess::None);
  CHECK(readiness("ready=fd:3\nnotify_access=main\nnotify_status=true\n").showStatus);
  Scratch scratch;
  CHECK(scratch.refusal("[program:x]\ncommand=/bin/cat\nready=notify\nnotify_access=none\n")
            .starts_with("ready=notify needs main or all for key 'notify_access' in section 'program:x'"));
}

TEST_CASE("the time until ready") {
  CHECK(readiness("ready=notify\n").timeout == core::seconds(90));
  CHECK(readiness("ready=notify\nready_timeout=0\n").timeout == core::seconds(0));
  CHECK(readiness("ready=notify\nready_timeout=1.5\n").timeout == core::milliseconds(1500));
}

TEST_CASE("a pattern that could take long to compile or to match is refused") {
  for (const char* const good : {"^ready$", "a{3}b{4}", "\\{x\\}", "(a|b)+c*", "[{]1000[}]", "x{1,1000}", "x{900,}",
                                 "\\)+[0-9]+ +x+", "((a|b)+ )+c"}) {
    CAPTURE(good);
    CHECK(config::checkPattern(good).has_value());
  }
  const std::pair<std::string, std::string> bad[] = {
      {"", "the pattern is empty"},
      {std::string(257, 'x'), "the pattern has 257 bytes, 256 are allowed"},
      {"(a)\\1", "the pattern refers back to a group"},
      {"x{1001}", "the pattern repeats too much"},
      {"(x{40}){40}", "the pattern repeats too much"},
      {"((x{2,9}){2,9}){2,99}", "the pattern repeats too much"},
      {"x{1000,}", "the pattern repeats too much"},
      {"(x{40,}){40,}", "the pattern repeats too much"},
      {"((((((((((x+)+)+)+)+)+)+)+)+)+)+", "the pattern repeats too much"},
      {"x+++++++++++", "the pattern repeats too much"},
      {"(", "'(' is not a regular expression"},
  };
  for (const auto& [pattern, reason] : bad) {
    CAPTURE(pattern);
    const auto checked = config::checkPattern(pattern);
    REQUIRE_FALSE(checked.has_value());
    CHECK_MESSAGE(checked.error().text.starts_with(reason), checked.error().text);
  }
}
