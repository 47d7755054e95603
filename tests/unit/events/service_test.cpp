// SPDX-License-Identifier: MIT
#include "instance/events/service.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <sstream>
#include <string>

#include "instance/config/model.hpp"
#include "instance/output/outlets.hpp"
#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "instance/process/table.hpp"

using namespace events;

namespace {

/// A table with real programs: listeners are shell scripts that append what they read to a file.
struct Fixture {
  Fixture() {
    char name[] = "/tmp/sm-events-XXXXXX";
    directory = ::mkdtemp(name);
    table.onDown([this] { down = true; });
  }
  ~Fixture() {
    table.leave(process::SupervisorState::Shutdown);
    while (!down) loop.step(core::seconds(1));
    ::unlink(path().c_str());
    ::rmdir(directory.c_str());
  }

  [[nodiscard]] std::string path() const { return directory + "/events"; }
  [[nodiscard]] std::string told() const {
    std::ifstream file(path());
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  void until(const std::function<bool()>& done) {
    const auto deadline = core::Clock::now() + core::seconds(30);
    while (!done() && core::Clock::now() < deadline) loop.step(core::milliseconds(20));
    REQUIRE(done());
  }

  static std::shared_ptr<config::ProcessConfig> program(std::string name, std::string command) {
    auto program = std::make_shared<config::ProcessConfig>();
    program->name = std::move(name);
    program->command = std::move(command);
    program->startSeconds = 0;
    program->out.target = program->err.target = config::LogSettings::Target::None;
    return program;
  }
  config::GroupPtr listener(std::string name, std::vector<std::string> events, const std::string& script) {
    auto group = std::make_shared<config::GroupConfig>();
    group->kind = config::GroupConfig::Kind::EventListener;
    group->name = name;
    group->priority = -1;
    group->processes.push_back(program(name, "/bin/bash -c '" + script + "' bash " + path()));
    group->listener = config::ListenerSettings{10, std::move(events), config::ResultHandler::Default};
    return group;
  }
  /// Writes "NAME:payload;" for each event to the file.
  static constexpr auto kScribe =
      "while printf \"READY\\n\"; IFS= read -r head; do read -r -N ${head##*len:} data; e=${head##*eventname:};"
      " printf \"%s:%s;\" \"${e%% *}\" \"$data\" >>$1; printf \"RESULT 2\\nOK\"; done";

  std::string directory;
  bool down = false;
  core::EventLoop loop;
  output::Outlets outlets{loop};
  process::Table table{loop, outlets, {}};
  Service service{loop, table, "supervisor", 40};
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a pool receives events of the table and of the API") {
  // All but TICK, which comes when it is time.
  REQUIRE(table
              .add(listener("l", {"PROCESS_STATE", "PROCESS_GROUP", "SUPERVISOR_STATE_CHANGE", "REMOTE_COMMUNICATION"},
                            kScribe))
              .has_value());
  table.begin();
  const process::Process& program = *table.find("l", "l");
  CHECK(service.find(program) != nullptr);
  until([&] { return program.state() == lifecycle::ProcessState::Running; });
  service.remoteCommunication("t", "x");
  until([&] { return told().find("REMOTE") != std::string::npos && told().ends_with(";"); });
  CHECK(told() ==
        "PROCESS_GROUP_ADDED:groupname:l\n;SUPERVISOR_STATE_CHANGE_RUNNING:;"
        "PROCESS_STATE_STARTING:processname:l groupname:l from_state:STOPPED tries:0;"
        "PROCESS_STATE_RUNNING:processname:l groupname:l from_state:STARTING pid:" +
            std::to_string(program.pid()) + ";REMOTE_COMMUNICATION:type:t\nx;");
  CHECK(service.nextSerial() == 45);
  CHECK(program.description().find("UNKNOWN") == std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "an event without subscribers uses no serial") {
  REQUIRE(table.add(listener("l", {"TICK_3600"}, kScribe)).has_value());
  table.begin();
  service.remoteCommunication("t", "x");
  until([&] { return table.find("l", "l")->state() == lifecycle::ProcessState::Running; });
  CHECK(service.nextSerial() == 40);
}

TEST_CASE_FIXTURE(Fixture, "listeners receive events of added and removed groups, and of the shutdown") {
  REQUIRE(table.add(listener("l", {"PROCESS_GROUP", "SUPERVISOR_STATE_CHANGE_STOPPING"}, kScribe)).has_value());
  auto last = std::make_shared<config::GroupConfig>();  // stops first, and ends when the listener has the event
  last->name = "last";
  last->processes.push_back(program("last",
                                    "/bin/bash -c 'trap \"while ! grep -q STOPPING $1; do sleep 0.01; done;"
                                    " exit\" TERM; while :; do sleep 0.01; done' bash " +
                                        path()));
  REQUIRE(table.add(last).has_value());
  table.begin();
  auto other = std::make_shared<config::GroupConfig>();
  other->name = "other";
  const auto added = table.add(other);
  REQUIRE(added.has_value());
  REQUIRE(table.remove(**added));
  const Listener& l = *service.find(*table.find("l", "l"));
  until([&] { return told().find("REMOVED") != std::string::npos && l.state() == ListenerState::Ready; });
  table.leave(process::SupervisorState::Restarting);
  table.leave(process::SupervisorState::Shutdown);
  until([&] { return told().find("STOPPING") != std::string::npos; });
  CHECK(told() ==
        "PROCESS_GROUP_ADDED:groupname:l\n;PROCESS_GROUP_ADDED:groupname:last\n;"
        "PROCESS_GROUP_ADDED:groupname:other\n;"
        "PROCESS_GROUP_REMOVED:groupname:other\n;SUPERVISOR_STATE_CHANGE_STOPPING:;");
}

TEST_CASE_FIXTURE(Fixture, "a listener that breaks the protocol is described and restarted") {
  const auto script =
      std::string("if ! [ -e $1 ]; then touch $1; printf \"hello!\\n\"; exec sleep 1000; fi; ") + kScribe;
  REQUIRE(table.add(listener("l", {"REMOTE_COMMUNICATION"}, script)).has_value());
  table.begin();
  const process::Process& program = *table.find("l", "l");
  const Listener& l = *service.find(program);
  until([&] { return l.state() == ListenerState::Unknown; });
  const pid_t first = program.pid();
  CHECK(program.description().ends_with(", listener UNKNOWN"));
  service.remoteCommunication("t", "x");
  until([&] { return told() == "REMOTE_COMMUNICATION:type:t\nx;"; });
  CHECK(program.pid() != first);
  CHECK(program.description().find("UNKNOWN") == std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "a removed pool is destroyed, and one of the same name is a new one") {
  for (int round = 0; round < 2; ++round) {
    const auto added = table.add(listener("l", {"REMOTE_COMMUNICATION"}, kScribe));
    REQUIRE(added.has_value());
    if (round == 0)
      table.begin();
    else
      table.autostart(**added);
    process::Process& program = *table.find("l", "l");
    until([&] { return program.state() == lifecycle::ProcessState::Running; });
    service.remoteCommunication("t", std::to_string(round));
    const std::string last = std::to_string(round) + ";";
    until([&] { return told().ends_with(last); });
    if (round == 1) break;
    REQUIRE(program.stop().has_value());
    until([&] { return program.state() == lifecycle::ProcessState::Stopped; });
    REQUIRE(table.remove(**added));
    service.remoteCommunication("t", "nobody listens");
  }
  CHECK(told() == "REMOTE_COMMUNICATION:type:t\n0;REMOTE_COMMUNICATION:type:t\n1;");
  CHECK(service.nextSerial() == 42);
}
