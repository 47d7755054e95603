// SPDX-License-Identifier: MIT
#include <signal.h>

#include "lib/dialect/stopping.hpp"
#include "tests/unit/config/scratch.hpp"

using core::milliseconds;
using lifecycle::StopStep;

namespace {

std::shared_ptr<const config::ProcessConfig> program(const std::string& keys) {
  Scratch scratch;
  const auto loaded = scratch.load("[program:x]\ncommand=/bin/cat\n" + keys);
  REQUIRE_MESSAGE(loaded.has_value(), (loaded ? "" : loaded.error().text));
  return loaded->groups.at(0)->processes.at(0);
}

std::string refusal(const std::string& keys) {
  Scratch scratch;
  return scratch.refusal("[program:x]\ncommand=/bin/cat\n" + keys);
}

}  // namespace

TEST_CASE("stopsignal is one signal, or a sequence with times") {
  for (const char* const one : {"TERM", " sigint ", "9"}) {
    CAPTURE(one);
    CHECK_FALSE(program(std::string("stopsignal=") + one + "\n")->extension.given());
  }
  const auto p = program("stopwaitsecs=7\nstopsignal=TERM 10, int 1.5,USR1,\n 9 500ms\n");
  CHECK(p->stopSignal == SIGTERM);
  CHECK(p->extension->stopping.steps == std::vector<StopStep>{{SIGTERM, milliseconds(10'000)},
                                                              {SIGINT, milliseconds(1500)},
                                                              {SIGUSR1, milliseconds(7000)},
                                                              {SIGKILL, milliseconds(500)}});
  const auto waits = program("stopsignal=QUIT 3\n");
  CHECK(waits->stopSignal == SIGQUIT);
  CHECK(waits->extension->stopping.steps == std::vector<StopStep>{{SIGQUIT, milliseconds(3000)}});
}

TEST_CASE("a stop sequence with a mistake is refused") {
  const std::pair<const char*, const char*> cases[] = {
      {"NO SUCH", "value 'NO SUCH' is not a valid signal name for key 'stopsignal'"},
      {"TERM, NONE 3", "value 'NONE' is not a valid signal name for key 'stopsignal'"},
      {"TERM,", "value '' is not a valid signal name for key 'stopsignal'"},
      {"TERM soon", "not a valid duration: ' soon'"},
      {"TERM 1, 0 2", "signal 0 ends nothing for key 'stopsignal'"},
      {"1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1", "more than 16 steps for key 'stopsignal'"},
  };
  for (const auto& [text, reason] : cases) {
    CAPTURE(text);
    const auto why = refusal(std::string("stopsignal=") + text + "\n");
    CHECK_MESSAGE(why.starts_with(reason), why);
    CHECK_MESSAGE(why.find("line 5)") != std::string::npos, why);
  }
}
