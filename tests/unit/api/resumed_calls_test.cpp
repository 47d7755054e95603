// SPDX-License-Identifier: MIT
#include "instance/api/resumed_calls.hpp"

#include <optional>
#include <string>

#include "instance/api/waiters.hpp"
#include "lib/xmlrpc/message.hpp"
#include "tests/unit/process/bench.hpp"

namespace {

/// The calls of a predecessor, in a program whose programs are in the states that they were in.
struct ResumedFixture : Bench {
  api::Waiters waiters{loop, table};
  std::string answer;

  /// Begins to wait for `method` of the predecessor; the answer comes into `answer`.
  void resume(const std::string& method, const xmlrpc::Array& params,
              const std::optional<std::string>& refused = std::nullopt) {
    api::MethodTable methods;
    methods.add({"supervisor.startAllProcesses", {"array", "boolean"}, 0, "", [](const auto&, auto) {
                   FAIL("a call was carried out twice");
                 }});
    methods = api::lostCalls(methods);
    api::addResumedCalls(methods, "supervisor.", table, waiters, refused);
    answer.clear();
    api::Dispatcher(methods).run(xmlrpc::composeRequest(method, params),
                                 [this](const api::Answer& given) { answer = given.xml; });
  }
  [[nodiscard]] bool isTrue() const { return answer.find("<boolean>1</boolean>") != std::string::npos; }
  [[nodiscard]] bool isLost() const { return answer == api::lostAnswer().xml; }
};

xmlrpc::Array named(const char* name) { return {xmlrpc::Value{std::string(name)}}; }

}  // namespace

TEST_CASE("a start that was waited for is waited for again") {
  ResumedFixture f;
  auto config = Bench::shell("slow", "exec sleep 1000");
  config->startSeconds = 1;
  auto& slow = f.add(config);
  f.resume("supervisor.startProcess", named("slow"));
  CHECK(f.isLost());  // it is not starting: we cannot know what became of it
  slow.start();
  f.resume("supervisor.startProcess", named("slow"));
  CHECK(f.answer.empty());
  f.until([&] { return !f.answer.empty(); });
  CHECK(f.isTrue());
  f.resume("supervisor.startProcess", named("slow:slow"));
  CHECK(f.isTrue());  // it had time to be RUNNING
  (void)slow.stop();
  f.resume("supervisor.startProcess", named("slow"));
  CHECK(f.isLost());
}

TEST_CASE("a start that fails in the next program is a fault there, with the name of the client") {
  ResumedFixture f;
  auto config = Bench::shell("dies", "exec sleep 1000");
  config->startSeconds = 1000;
  config->startRetries = 0;
  auto& dies = f.add(config);
  dies.start();
  f.resume("supervisor.startProcess", named("dies:dies"));
  CHECK(f.answer.empty());
  REQUIRE(::kill(dies.pid(), SIGKILL) == 0);
  f.until([&] { return !f.answer.empty(); });
  CHECK(f.answer.find("SPAWN_ERROR: dies:dies") != std::string::npos);
}

TEST_CASE("a stop that was waited for is waited for again") {
  ResumedFixture f;
  auto config = Bench::shell("stops", "trap \"echo asked\" TERM; echo ready; while :; do sleep 0.01; done");
  config->stopWaitSeconds = 1000;
  auto& stops = f.add(config);
  stops.start();
  f.until([&] { return Bench::read(stops.logPath(process::Channel::Stdout)) == "ready\n"; });
  f.resume("supervisor.stopProcess", named("stops"));
  CHECK(f.isLost());
  REQUIRE(stops.stop().has_value());
  f.resume("supervisor.stopProcess", named("stops"));
  f.until([&] { return Bench::read(stops.logPath(process::Channel::Stdout)).ends_with("asked\n"); });
  CHECK(f.answer.empty());
  REQUIRE(::kill(stops.pid(), SIGKILL) == 0);
  f.until([&] { return !f.answer.empty(); });
  CHECK(f.isTrue());
  f.resume("supervisor.stopProcess", named("stops"));
  CHECK(f.isTrue());
}

TEST_CASE("a stop without wait is answered soon, whatever the program does") {
  ResumedFixture f;
  auto& stays = f.add(Bench::shell("stays", "trap \"\" TERM; echo ready; while :; do sleep 0.01; done"));
  stays.start();
  f.until([&] { return Bench::read(stays.logPath(process::Channel::Stdout)) == "ready\n"; });
  REQUIRE(stays.stop().has_value());
  f.resume("supervisor.stopProcess", {xmlrpc::Value{std::string("stays")}, xmlrpc::Value{false}});
  CHECK(f.answer.empty());
  f.until([&] { return !f.answer.empty(); });
  CHECK(f.isTrue());
  CHECK(stays.state() == lifecycle::ProcessState::Stopping);
  REQUIRE(::kill(stays.pid(), SIGKILL) == 0);
  f.until(stays, lifecycle::ProcessState::Stopped);
}

TEST_CASE("a call whose outcome is lost gets a fault, and nothing is done twice") {
  ResumedFixture f;
  f.add("group", {Bench::shell("a", "exit"), Bench::shell("b", "exit")});
  f.resume("supervisor.startAllProcesses", {});
  CHECK(f.isLost());
  for (const char* method : {"supervisor.startProcess", "supervisor.stopProcess"})
    for (const char* name : {"group:*", "group:", "gone", "group:gone"}) {
      f.resume(method, named(name));
      CHECK(f.isLost());
    }
  CHECK(f.answer.find("FAILED: supervisord was upgraded during this call: what it began continues") !=
        std::string::npos);
  f.resume("supervisor.gone", {});
  CHECK(f.answer.find("UNKNOWN_METHOD") != std::string::npos);
}

TEST_CASE("the call of the upgrade is answered by the program that serves") {
  ResumedFixture f;
  f.resume("supervisor.upgrade", {});
  CHECK(f.isTrue());
  f.resume("supervisor.upgrade", {}, "the new one is too old");
  CHECK(f.answer.find("FAILED: the new one is too old") != std::string::npos);
}
