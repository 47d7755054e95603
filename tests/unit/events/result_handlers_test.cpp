// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "instance/events/pool.hpp"
#include "tests/unit/events/pool_fixture.hpp"

using namespace events;

TEST_CASE_FIXTURE(Fixture, "supervisor_stdout's handler prints each line with its process and channel") {
  Pool pool(groupOf("p", 10, {"EVENT"}, config::ResultHandler::Stdout), shared);
  FakeProcess process;
  auto& l = pool.add("l", process);
  const auto answer = [&](const std::string& result) {
    pool.spawned(l);
    pool.onOutput(l, "READY\n");
    pool.accept(remote("x"));
    pool.resume();
    pool.dispatch();
    printed.clear();
    log->take();
    pool.onOutput(l, "RESULT " + std::to_string(result.size()) + "\n" + result);
    return log->take().at(0);
  };
  const std::string head = "processname:cat groupname:pets pid:7 channel:stderr\n";
  CHECK(answer(head + "one\ntwo\n") == "DEBG l: event was processed");
  CHECK(printed == "cat stderr | one\ncat stderr | two\n");
  CHECK(answer(head + "no end") == "DEBG l: event was processed");
  CHECK(printed == "cat stderr | no end\n");
  CHECK(answer(head + "\n\n") == "DEBG l: event was processed");
  CHECK(printed == "cat stderr | \ncat stderr | \n");
  CHECK(answer(head) == "DEBG l: event was processed");
  CHECK(answer("OK") == "DEBG l: event was processed");
  CHECK(printed.empty());
  for (const std::string wrong :
       {"", "FAIL", "processname:cat channel:stdout", "processname:cat\nx", "channel:stdout\nx"})
    CHECK(answer(wrong) == "WARN l: event caused an error");
}

TEST_CASE_FIXTURE(Fixture, "the stdin handler writes to the process the event came from") {
  Pool pool(groupOf("p", 10, {"EVENT"}, config::ResultHandler::StdinWrite), shared);
  FakeProcess process;
  auto& l = pool.add("l", process);
  auto answer = [&](const EventPtr& event, const std::string& result) {
    pool.spawned(l);
    pool.onOutput(l, "READY\n");
    pool.accept(event);
    pool.dispatch();
    log->take();
    pool.onOutput(l, "RESULT " + std::to_string(result.size()) + "\n" + result);
    return log->take().at(0);
  };
  const auto event = [] { return makeCommunicationEvent(Channel::Stdout, 7, "?", {"cat", "pets"}); };
  CHECK(answer(event(), "STDIN:a\nb") == "DEBG l: event was processed");
  CHECK(written == Lines{"pets:cat<a\nb"});
  CHECK(answer(event(), "OK") == "DEBG l: event was processed");
  CHECK(written.size() == 1);
  CHECK(answer(event(), "STDOUT:x") == rejection("STDOUT:x", "0.1"));
}

TEST_CASE_FIXTURE(Fixture, "the stdin handler fails for an event that came from no process") {
  Pool pool(groupOf("p", 10, {"EVENT"}, config::ResultHandler::StdinWrite), shared);
  FakeProcess process;
  auto& l = pool.add("l", process);
  pool.onOutput(l, "READY\n");
  pool.accept(makeTickEvent(Type::Tick5, 5));
  pool.dispatch();
  log->take();
  CHECK(pool.onOutput(l, "RESULT 7\nSTDIN:x"));
  CHECK(log->take() == Lines{"WARN l: event caused an error", "DEBG l: BUSY -> UNKNOWN", kUnknownWarning,
                             "DEBG rebuffering event 0 for pool p (buf size=0, max=10)"});
  CHECK(written.empty());
}

TEST_CASE_FIXTURE(Fixture, "the default handler knows one word only") {
  Pool pool(groupOf("p", 10, {"EVENT"}), shared);
  FakeProcess process;
  auto& l = pool.add("l", process);
  pool.accept(remote("x"));
  for (const std::string result : {"ok", "OK\n", " OK", "STDIN:x", ""}) {
    pool.spawned(l);
    pool.onOutput(l, "READY\n");
    pool.resume();
    pool.dispatch();
    log->take();
    pool.onOutput(l, "RESULT " + std::to_string(result.size()) + "\n" + result);
    CHECK(log->take().at(0).starts_with("WARN l: event was rejected: the answer was "));
  }
}
