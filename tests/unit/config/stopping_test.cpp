// SPDX-License-Identifier: MIT
#include <signal.h>

#include "lib/dialect/stopping.hpp"
#include "tests/unit/config/scratch.hpp"

using core::milliseconds;
using lifecycle::StopStep;

namespace {

std::shared_ptr<const config::ProcessConfig> stoppable(const std::string& keys) {
  Scratch scratch;
  const auto loaded = scratch.load("[program:x]\ncommand=/bin/cat\n" + keys);
  REQUIRE_MESSAGE(loaded.has_value(), (loaded ? "" : loaded.error().text));
  return loaded->groups.at(0)->processes.at(0);
}

std::string stopRefusal(const std::string& keys) {
  Scratch scratch;
  return scratch.refusal("[program:x]\ncommand=/bin/cat\n" + keys);
}

}  // namespace

TEST_CASE("stopsignal is one signal, or a sequence with times") {
  for (const char* const one : {"TERM", " sigint ", "9"}) {
    CAPTURE(one);
    CHECK_FALSE(stoppable(std::string("stopsignal=") + one + "\n")->extension.given());
  }
  const auto p = stoppable("stopwaitsecs=7\nstopsignal=TERM 10, int 1.5,USR1,\n 9 500ms\n");
  CHECK(p->stopSignal == SIGTERM);
  CHECK(p->extension->stopping.steps == std::vector<StopStep>{{SIGTERM, milliseconds(10'000)},
                                                              {SIGINT, milliseconds(1500)},
                                                              {SIGUSR1, milliseconds(7000)},
                                                              {SIGKILL, milliseconds(500)}});
  // No time, as in Supervisor: a state with less than none is refused.
  const auto none = stoppable("stopwaitsecs=-3\nstopsignal=TERM 1, INT\n");
  CHECK(none->extension->stopping.steps.back() == StopStep{SIGINT, milliseconds(0)});
  const auto waits = stoppable("stopsignal=QUIT 3\n");
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
    const auto why = stopRefusal(std::string("stopsignal=") + text + "\n");
    CHECK_MESSAGE(why.starts_with(reason), why);
    CHECK_MESSAGE(why.find("line 5)") != std::string::npos, why);
  }
}

TEST_CASE("kill_scope and leftovers") {
  using config::KillScope;
  using config::Leftovers;
  CHECK(stoppable("")->extension->stopping.scope == KillScope::Default);
  CHECK(stoppable("")->extension->stopping.leftovers == Leftovers::Keep);
  CHECK(stoppable("kill_scope=process\n")->extension->stopping.scope == KillScope::Process);
  CHECK(stoppable("kill_scope=group\n")->extension->stopping.scope == KillScope::Group);
  CHECK(stoppable("kill_scope=session\n")->extension->stopping.ownSession());
  const auto tree = stoppable("kill_scope= Tree\nleftovers=STOP\n");
  CHECK(tree->extension->stopping.scope == KillScope::Tree);
  CHECK(tree->extension->stopping.leftovers == Leftovers::Stop);
  CHECK(stoppable("leftovers=stop\n")->extension->stopping.scope == KillScope::Group);
  CHECK(stopRefusal("kill_scope=all\n").starts_with("'all' is not one of process, group, session and tree"));
  CHECK(stopRefusal("kill_scope=group\nkillasgroup=true\n").starts_with("it replaces stopasgroup and killasgroup"));
  CHECK(stopRefusal("kill_scope=process\nleftovers=stop\n").starts_with("with kill_scope=process nothing else"));
}
