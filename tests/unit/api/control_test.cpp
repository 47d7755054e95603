// SPDX-License-Identifier: MIT
#include "instance/api/control.hpp"

#include "instance/api/group_call.hpp"
#include "instance/api/group_control.hpp"
#include "instance/api/names.hpp"
#include "lib/xmlrpc/message.hpp"
#include "lib/xmlrpc/reader.hpp"
#include "tests/unit/process/bench.hpp"

using lifecycle::ProcessState;

namespace {

const std::string kGivenUp = "FAILED: supervisord gave the call up before it ended, see its activity log";

/// The answer to a call: "..." until it comes, then "OK" or the text of the fault.
struct Told {
  std::string text = "...";
  core::Completion<api::Waiters::WaitResult> asTold() {
    return [this](const api::Waiters::WaitResult& verdict) {
      CHECK(text == "...");
      text = verdict ? "OK" : verdict.error().text;
    };
  }
};

struct ControlFixture : Bench {
  api::Waiters waiters{loop, table};

  std::string start(process::Process& program, bool wait = true) {
    Told told;
    api::startProgram(waiters, program, "NAME", wait, told.asTold());
    until([&] { return told.text != "..."; });
    return told.text;
  }
  std::string stop(process::Process& program, bool wait = true) {
    Told told;
    api::stopProgram(waiters, program, "NAME", wait, told.asTold());
    until([&] { return told.text != "..."; });
    return told.text;
  }
};

xmlrpc::Array resultsOf(const api::MethodResult& outcome) {
  return *std::get<xmlrpc::Value>(*xmlrpc::readResponse(xmlrpc::composeResponse(*outcome), {})).array();
}

std::string described(const xmlrpc::Array& results) {
  std::string all;
  for (const auto& result : results)
    all += *result.member("group")->string() + ":" + *result.member("name")->string() + "=" +
           *result.member("description")->string() + " ";
  return all;
}

}  // namespace

TEST_CASE("a start is answered immediately, after startsecs, or with a fault") {
  ControlFixture f;
  auto& quick = f.add(Bench::shell("quick", "exec sleep 1000"));
  CHECK(f.start(quick) == "OK");
  CHECK(f.start(quick) == "ALREADY_STARTED: NAME");
  auto slowConfig = Bench::shell("slow", "exec sleep 1000");
  slowConfig->startSeconds = 1;
  auto& slow = f.add(slowConfig);
  CHECK(f.start(slow) == "OK");
  CHECK(slow.state() == ProcessState::Running);
  auto dyingConfig = Bench::shell("dying", "exit 1");
  dyingConfig->startSeconds = 1;
  dyingConfig->startRetries = 0;
  CHECK(f.start(f.add(dyingConfig)) == "SPAWN_ERROR: NAME");
  auto missing = Bench::shell("missing", "");
  missing->command = "/no/such/file";
  CHECK(f.start(f.add(missing)) == "NO_FILE: can't find command '/no/such/file'");
  auto directory = Bench::shell("directory", "");
  directory->command = "/etc/";
  CHECK(f.start(f.add(directory)) == "NOT_EXECUTABLE: command at '/etc/' is a directory");
  CHECK(f.stop(quick) == "OK");
  CHECK(f.stop(slow) == "OK");
}

TEST_CASE("a start without startsecs is answered after the first moments, or the end, of the program") {
  ControlFixture f;
  auto& ends = f.add(Bench::shell("ends", "echo hello"));
  auto& stays = f.add(Bench::shell("stays", "exec sleep 1000"));
  Told endsTold, staysTold, hastyTold;
  api::startProgram(f.waiters, ends, "NAME", true, endsTold.asTold());
  api::startProgram(f.waiters, stays, "NAME", true, staysTold.asTold());
  CHECK(endsTold.text == "...");
  CHECK(staysTold.text == "...");
  f.until([&] { return endsTold.text != "..." && staysTold.text != "..."; });
  CHECK(endsTold.text == "OK");
  CHECK(staysTold.text == "OK");
  CHECK(stays.state() == ProcessState::Running);
  f.until(ends, ProcessState::Exited);
  CHECK(Bench::read(ends.logPath(process::Channel::Stdout)) == "hello\n");
  api::startProgram(f.waiters, ends, "NAME", false, hastyTold.asTold());
  CHECK(hastyTold.text == "OK");
  f.until(ends, ProcessState::Exited);
}

TEST_CASE("a start that is interrupted by a stop is an abnormal termination") {
  ControlFixture f;
  auto config = Bench::shell("p", "exec sleep 1000");
  config->startSeconds = 1000;
  auto& program = f.add(config);
  Told started;
  api::startProgram(f.waiters, program, "NAME", true, started.asTold());
  CHECK(started.text == "...");
  CHECK(f.stop(program) == "OK");
  CHECK(started.text == "ABNORMAL_TERMINATION: NAME");
}

TEST_CASE("stop is answered at the end of the program; only running programs can be stopped") {
  ControlFixture f;
  auto& program = f.add(Bench::shell("p", "exec sleep 1000"));
  CHECK(f.stop(program) == "NOT_RUNNING: NAME");
  CHECK(f.start(program) == "OK");
  CHECK(f.stop(program) == "OK");
  CHECK(program.state() == ProcessState::Stopped);
  CHECK(f.log().find("waiting for p to stop") != std::string::npos);
}

TEST_CASE("a program that is being stopped can be neither stopped nor started") {
  ControlFixture f;
  auto& program = f.add(Bench::shell("p", "trap \"\" TERM; echo ready; while :; do sleep 1; done"));
  CHECK(f.start(program, false) == "OK");
  f.until([&] { return !Bench::read(program.logPath(process::Channel::Stdout)).empty(); });
  CHECK(f.stop(program, false) == "OK");
  CHECK(f.stop(program) == "NOT_RUNNING: NAME");
  CHECK(f.start(program) == "ABNORMAL_TERMINATION: NAME");
  CHECK(f.start(program, false) == "OK");
  CHECK(program.state() == ProcessState::Stopping);
  ::kill(program.pid(), SIGKILL);
  f.until(program, ProcessState::Stopped);
}

TEST_CASE("a stop without wait is answered at the program's end, or soon") {
  ControlFixture f;
  auto& quick = f.add(Bench::shell("quick", "exec sleep 1000"));
  auto& deaf = f.add(Bench::shell("deaf", "trap \"\" TERM; echo ready; while :; do sleep 1; done"));
  CHECK(f.start(quick) == "OK");
  CHECK(f.start(deaf) == "OK");
  f.until([&] { return !Bench::read(deaf.logPath(process::Channel::Stdout)).empty(); });
  Told quickTold, deafTold, patientTold;
  REQUIRE(quick.stop().has_value());
  REQUIRE(deaf.stop().has_value());
  f.waiters.untilStoppedOr(quick, core::seconds(1000), quickTold.asTold());
  f.waiters.untilStoppedOr(deaf, core::seconds(1000), patientTold.asTold());
  CHECK(quickTold.text == "...");
  f.until([&] { return quickTold.text != "..."; });
  CHECK(quick.state() == ProcessState::Stopped);
  f.waiters.untilStoppedOr(deaf, core::milliseconds(1), deafTold.asTold());
  f.until([&] { return deafTold.text != "..."; });
  CHECK(deafTold.text == "OK");
  CHECK(deaf.state() == ProcessState::Stopping);
  CHECK(patientTold.text == "...");
  ::kill(deaf.pid(), SIGKILL);
  f.until(deaf, ProcessState::Stopped);
  CHECK(patientTold.text == "OK");
}

TEST_CASE("signals by name and number") {
  ControlFixture f;
  auto& program = f.add(Bench::shell("p", "exec sleep 1000"));
  const auto text = [&](const char* signal) {
    const auto verdict = api::signalProgram(program, "NAME", signal);
    return verdict ? std::string("OK") : verdict.error().text;
  };
  CHECK(text("HUP") == "NOT_RUNNING: NAME");
  CHECK(f.start(program) == "OK");
  for (const char* signal : {"CONT", "SIGCONT", "sigcont", "18"}) CHECK(text(signal) == "OK");
  for (const char* signal : {"", "NOPE", "999"}) CHECK(text(signal) == std::string("BAD_SIGNAL: ") + signal);
  CHECK(f.stop(program) == "OK");
}

TEST_CASE("names") {
  ControlFixture f;
  auto& group = f.add("g", {Bench::shell("b", "x"), Bench::shell("a", "x")});
  f.add(Bench::shell("solo", "x"));
  CHECK(api::findTarget(f.table, "g:a")->program == group.find("a"));
  CHECK(api::findTarget(f.table, "g:*")->program == nullptr);
  CHECK(api::findTarget(f.table, "g:")->group == &group);
  CHECK(api::findTarget(f.table, "solo")->program != nullptr);
  for (const char* bad : {"", "g", "a", "x:y", "g:x", "g:a:b"})
    CHECK(api::findTarget(f.table, bad).error().text == std::string("BAD_NAME: ") + bad);
  CHECK(api::findProgram(f.table, "g:*").error().text == "BAD_NAME: g:*");
  std::string order;
  for (const auto* program : api::byName(f.table)) order += program->name() + " ";
  CHECK(order == "a b solo ");
}

TEST_CASE("group calls skip programs in the wrong state and are answered when all others are done") {
  ControlFixture f;
  auto first = Bench::shell("first", "exec sleep 1000");
  auto second = Bench::shell("second", "exec sleep 1000");
  auto broken = Bench::shell("broken", "");
  broken->command = "/no/such/file";
  first->priority = 2;
  second->priority = broken->priority = 1;
  auto& group = f.add("g", {first, second, broken});
  std::string result;
  const auto keep = [&result](const api::MethodResult& outcome) { result = described(resultsOf(outcome)); };
  api::startAll(f.waiters, group.byPriority(), true, keep);
  f.until([&] { return !result.empty(); });
  CHECK(result == "g:second=OK g:broken=NO_FILE: can't find command '/no/such/file' g:first=OK ");
  api::signalAll(group.byPriority(), "CONT", keep);
  CHECK(result == "g:second=OK g:first=OK ");
  result.clear();
  api::stopAll(f.waiters, group.byPriority(), true, keep);
  CHECK(result.empty());
  f.until([&] { return !result.empty(); });
  CHECK(group.stopped());
  api::stopAll(f.waiters, group.byPriority(), true, keep);
  CHECK(result.empty());
}

TEST_CASE("answers of group calls have the order of the programs, not that of their ends") {
  ControlFixture f;
  auto slow = Bench::shell("slow", "exec sleep 1000");
  auto broken = Bench::shell("broken", "");
  auto quick = Bench::shell("quick", "exec sleep 1000");
  broken->command = "/no/such/file";
  slow->startSeconds = 1;
  auto& group = f.add("g", {slow, broken, quick});
  std::string result;
  const auto keep = [&result](const api::MethodResult& outcome) { result = described(resultsOf(outcome)); };
  api::startAll(f.waiters, group.byPriority(), true, keep);
  CHECK(result.empty());
  f.until([&] { return !result.empty(); });
  CHECK(result == "g:slow=OK g:broken=NO_FILE: can't find command '/no/such/file' g:quick=OK ");
}

TEST_CASE("waiters that go away answer whoever waits") {
  ControlFixture f;
  auto config = Bench::shell("p", "exec sleep 1000");
  config->startSeconds = 1000;
  auto& program = f.add(config);
  auto waiters = std::make_unique<api::Waiters>(f.loop, f.table);
  Told told;
  std::string result;
  api::startProgram(*waiters, program, "NAME", true, told.asTold());
  api::stopAll(*waiters, {&program}, true,
               [&result](const api::MethodResult& outcome) { result = described(resultsOf(outcome)); });
  CHECK(told.text == "ABNORMAL_TERMINATION: NAME");
  Told late;
  waiters->untilStopped(program, late.asTold());
  CHECK(result.empty());
  waiters.reset();
  CHECK(result == "p:p=" + kGivenUp + " ");
  CHECK(late.text == kGivenUp);
  f.until(program, ProcessState::Stopped);
}

TEST_CASE("a group call reports a program whose step is dropped, and the others") {
  ControlFixture f;
  auto& group = f.add("g", {Bench::shell("a", "x"), Bench::shell("b", "x")});
  std::string result;
  api::forEachProgram(
      group.byPriority(),
      [](process::Process& program, core::Completion<api::Waiters::WaitResult> done) {
        if (program.name() == "b") done({});
      },
      [&result](const api::MethodResult& outcome) { result = described(resultsOf(outcome)); });
  CHECK(result == "g:a=" + kGivenUp + " g:b=OK ");
}
