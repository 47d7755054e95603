// SPDX-License-Identifier: MIT
#include "instance/events/pool.hpp"

#include <doctest/doctest.h>

#include "tests/unit/events/pool_fixture.hpp"

using namespace events;

TEST_CASE_FIXTURE(Fixture, "an event goes to the first listener that is RUNNING and READY") {
  Pool pool(groupOf("p", 10, {"REMOTE_COMMUNICATION"}), shared);
  FakeProcess starting, idle, ready;
  starting.isRunning = false;
  auto& a = pool.add("a", starting);
  pool.add("b", idle);
  auto& c = pool.add("c", ready);
  pool.onOutput(a, "READY\n");
  pool.onOutput(c, "READY\n");
  pool.accept(remote("x"));
  pool.dispatch();
  CHECK(starting.sent.empty());
  CHECK(idle.sent.empty());
  CHECK(ready.sent == Lines{"ver:3.0 server:supervisor serial:0 pool:p poolserial:0 "
                            "eventname:REMOTE_COMMUNICATION len:8\ntype:t\nx"});
  CHECK(c.state() == ListenerState::Busy);
  starting.isRunning = true;
  pool.accept(remote("y"));
  pool.dispatch();
  CHECK(starting.sent.size() == 1);
  CHECK(log->lines.back() == "DEBG event 1 sent to listener a");
}

TEST_CASE_FIXTURE(Fixture, "a pool sends the details of an event if it wants them") {
  auto group = groupOf("p", 10, {"REMOTE_COMMUNICATION"});
  Pool plain(group, shared);
  group.listener->details = true;
  Pool detailed(group, shared);
  CHECK_FALSE(plain.wantsDetails());
  CHECK(detailed.wantsDetails());
  const auto event = remote("x");
  event->details = " more:1";
  for (auto* const pool : {&plain, &detailed}) {
    FakeProcess process;
    auto& l = pool->add("l", process);
    pool->onOutput(l, "READY\n");
    pool->accept(event);
    pool->dispatch();
    REQUIRE(process.sent.size() == 1);
    CHECK(process.sent[0].ends_with(pool == &plain ? "len:8\ntype:t\nx" : "len:15\ntype:t\nx more:1"));
    pool->remove(l);
  }
}

TEST_CASE_FIXTURE(Fixture, "the log has the whole conversation in Supervisor's words") {
  Pool pool(groupOf("p", 10, {"REMOTE_COMMUNICATION"}), shared);
  FakeProcess process;
  auto& l = pool.add("l", process);
  pool.accept(remote("x"));
  pool.dispatch();
  CHECK(log->take().empty());
  CHECK_FALSE(pool.onOutput(l, "READY\n"));
  pool.dispatch();
  CHECK_FALSE(pool.onOutput(l, "RESULT 4\nFAIL"));
  CHECK_FALSE(pool.onOutput(l, "READY\n"));
  pool.dispatch();
  CHECK(process.sent.size() == 1);
  REQUIRE(pool.pausedUntil().has_value());
  pool.resume();
  pool.dispatch();
  CHECK_FALSE(pool.onOutput(l, "RESULT 2\nOK"));
  CHECK(log->take() == Lines{"DEBG l: ACKNOWLEDGED -> READY", "DEBG event 0 sent to listener l",
                             rejection("FAIL", "0.1"), "DEBG l: BUSY -> ACKNOWLEDGED",
                             "DEBG rebuffering event 0 for pool p (buf size=0, max=10)",
                             "DEBG l: ACKNOWLEDGED -> READY", "DEBG event 0 sent to listener l",
                             "DEBG l: event was processed", "DEBG l: BUSY -> ACKNOWLEDGED"});
  CHECK(process.sent.size() == 2);
  CHECK(process.sent[0] == process.sent[1]);
  CHECK(pool.queued() == 0);
  CHECK(l.processed() == 1);
}

TEST_CASE_FIXTURE(Fixture, "a full buffer drops its oldest event and logs it") {
  Pool pool(groupOf("p", 2, {"REMOTE_COMMUNICATION"}), shared);
  FakeProcess process;
  auto& l = pool.add("l", process);
  for (const char* data : {"a", "b", "c"}) pool.accept(remote(data));
  CHECK(log->take() == Lines{"ERRO pool p event buffer overflowed, discarding event 0"});
  CHECK(pool.dropped() == 1);
  pool.onOutput(l, "READY\n");
  pool.dispatch();
  CHECK(process.sent.at(0).ends_with("type:t\nb"));
  pool.onOutput(l, "RESULT 2\nOKREADY\n");
  pool.dispatch();
  CHECK(process.sent.at(1).ends_with("type:t\nc"));
  CHECK(process.sent.at(1).find("serial:2 pool:p poolserial:2 ") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "a pool takes over other events and another size, and keeps what waits") {
  Pool pool(groupOf("p", 3, {"REMOTE_COMMUNICATION"}), shared);
  FakeProcess process;
  auto& l = pool.add("l", process);
  for (const char* data : {"a", "b", "c"}) pool.accept(remote(data));
  const auto before = shared.revision;
  pool.reconfigure(groupOf("p", 2, {"TICK_5"}));
  CHECK(shared.revision != before);
  CHECK(log->take() == Lines{"ERRO pool p event buffer overflowed, discarding event 0"});
  CHECK(pool.subscribed(Type::Tick5));
  CHECK_FALSE(pool.subscribed(Type::RemoteCommunication));
  CHECK(pool.queued() == 2);
  pool.onOutput(l, "READY\n");
  pool.dispatch();
  CHECK(process.sent.at(0).ends_with("type:t\nb"));
}

TEST_CASE_FIXTURE(Fixture, "a rejected event is the next one again, in its own pool only") {
  Pool pool(groupOf("p", 2, {"REMOTE_COMMUNICATION"}), shared);
  Pool other(groupOf("q", 2, {"TICK"}), shared);
  FakeProcess process, otherProcess;
  auto& l = pool.add("l", process);
  other.add("m", otherProcess);
  pool.onOutput(l, "READY\n");
  pool.accept(remote("a"));
  pool.dispatch();
  pool.accept(remote("b"));
  pool.accept(remote("c"));
  log->take();
  pool.onOutput(l, "RESULT 4\nFAIL");
  CHECK(log->take() == Lines{rejection("FAIL", "0.1"), "DEBG l: BUSY -> ACKNOWLEDGED",
                             "DEBG rebuffering event 0 for pool p (buf size=2, max=2)",
                             "ERRO pool p event buffer overflowed, discarding event 1"});
  CHECK(pool.queued() == 2);
  CHECK(other.queued() == 0);
  pool.onOutput(l, "READY\n");
  pool.resume();
  pool.dispatch();
  CHECK(process.sent.back().ends_with("type:t\na"));
}

TEST_CASE_FIXTURE(Fixture, "the pause after a rejection grows until an event is accepted, and is for the whole pool") {
  Pool pool(groupOf("p", 10, {"REMOTE_COMMUNICATION"}), shared);
  FakeProcess process;
  auto& l = pool.add("l", process);
  pool.accept(remote("a"));
  pool.accept(remote("b"));
  std::vector<std::string> waits;
  for (int i = 0; i < 12; ++i) {
    pool.onOutput(l, "READY\n");
    pool.resume();
    pool.dispatch();
    CHECK(process.sent.back().ends_with("type:t\na"));
    log->take();
    pool.onOutput(l, "RESULT 4\nFAIL");
    const std::string line = log->take().at(0);
    waits.push_back(line.substr(line.rfind("again in ") + 9));
    pool.dispatch();
    CHECK(process.sent.size() == static_cast<std::size_t>(i + 1));
  }
  CHECK(waits == Lines{"0.1 s", "0.2 s", "0.4 s", "0.8 s", "1.6 s", "3.2 s", "6.4 s", "12.8 s", "25.6 s", "51.2 s",
                       "60 s", "60 s"});
  pool.onOutput(l, "READY\n");
  pool.resume();
  pool.dispatch();
  pool.onOutput(l, "RESULT 2\nOKREADY\n");
  pool.dispatch();
  CHECK(process.sent.back().ends_with("type:t\nb"));
  log->take();
  pool.onOutput(l, "RESULT 4\nFAIL");
  CHECK(log->take().at(0) == rejection("FAIL", "0.1"));
}

TEST_CASE_FIXTURE(Fixture, "the beginning of what a listener wrote wrong is logged") {
  Pool pool(groupOf("p", 10, {"REMOTE_COMMUNICATION"}), shared);
  FakeProcess process;
  auto& l = pool.add("l", process);
  const auto warning = [&](const std::string& bytes) {
    pool.spawned(l);
    log->take();
    pool.onOutput(l, bytes);
    return log->take().back();
  };
  CHECK(warning("Traceback (most recent") ==
        kUnknownWarning + std::string(": it wrote 'Traceback (most recent' instead of 'READY\\n'"));
  CHECK(warning("READY\r\n") == kUnknownWarning + std::string(": it wrote 'READY\\r\\n' instead of 'READY\\n'"));
  CHECK(warning("\xFF\xFEx\xFFy\xFF") ==
        kUnknownWarning + std::string(": it wrote b'\\xff\\xfex\\xffy\\xff' instead of 'READY\\n'"));
  CHECK(warning("READY\nhello") ==
        kUnknownWarning + std::string(": it wrote 'READY\\nhello' between READY and an event"));
  CHECK(warning(std::string(5000, 'x')).size() < 400);
}

TEST_CASE_FIXTURE(Fixture, "one serial for all pools, one for each; an event without a pool has none") {
  shared.nextSerial = 7;
  Pool p(groupOf("p", 10, {"REMOTE_COMMUNICATION", "EVENT"}), shared);
  Pool q(groupOf("q", 10, {"EVENT"}), shared);
  FakeProcess a, b;
  auto& l = p.add("l", a);
  auto& m = q.add("m", b);
  p.onOutput(l, "READY\n");
  q.onOutput(m, "READY\n");
  const EventPtr ignored = remote("nobody");
  q.accept(remote("q only"));
  const EventPtr both = remote("both");
  p.accept(both);
  q.accept(both);
  CHECK_FALSE(ignored->serial.has_value());
  p.dispatch();
  q.dispatch();
  CHECK(a.sent == Lines{"ver:3.0 server:supervisor serial:8 pool:p poolserial:0 eventname:REMOTE_COMMUNICATION "
                        "len:11\ntype:t\nboth"});
  q.onOutput(m, "RESULT 2\nOKREADY\n");
  q.dispatch();
  CHECK(b.sent.back() ==
        "ver:3.0 server:supervisor serial:8 pool:q poolserial:1 eventname:REMOTE_COMMUNICATION "
        "len:11\ntype:t\nboth");
}

TEST_CASE_FIXTURE(Fixture, "serials wrap where Supervisor's do") {
  shared.nextSerial = 9223372036854775807ULL;
  Pool pool(groupOf("p", 10, {"EVENT"}), shared);
  const EventPtr last = remote("x"), first = remote("y");
  pool.accept(last);
  pool.accept(first);
  CHECK(*last->serial == 9223372036854775807ULL);
  CHECK(*first->serial == 0);
}

TEST_CASE_FIXTURE(Fixture, "a listener that cannot be written to is skipped") {
  Pool pool(groupOf("p", 10, {"EVENT"}), shared);
  FakeProcess deaf, good;
  deaf.broken = true;
  auto& a = pool.add("a", deaf);
  auto& b = pool.add("b", good);
  pool.onOutput(a, "READY\n");
  pool.onOutput(b, "READY\n");
  log->take();
  pool.accept(remote("x"));
  pool.accept(remote("y"));
  pool.dispatch();
  CHECK(good.sent.size() == 1);
  CHECK(a.state() == ListenerState::Ready);
  CHECK(pool.queued() == 1);
  CHECK(log->take() == Lines{"DEBG epipe occurred while sending event 0 to listener a, listener state unchanged",
                             "DEBG event 0 sent to listener b",
                             "DEBG epipe occurred while sending event 1 to listener a, listener state unchanged",
                             "DEBG rebuffering event 1 for pool p (buf size=0, max=10)"});
}

TEST_CASE_FIXTURE(Fixture, "a listener that ends while it is busy returns its event to the pool") {
  Pool pool(groupOf("p", 10, {"EVENT"}), shared);
  FakeProcess process;
  auto& l = pool.add("l", process);
  pool.onOutput(l, "READY\n");
  pool.accept(remote("x"));
  pool.dispatch();
  CHECK(pool.queued() == 0);
  pool.lost(l);
  CHECK(pool.queued() == 1);
  pool.lost(l);
  CHECK(pool.queued() == 1);
  pool.spawned(l);
  CHECK(l.state() == ListenerState::Acknowledged);
  pool.onOutput(l, "READY\n");
  pool.dispatch();
  CHECK(process.sent.size() == 2);
  pool.remove(l);
  CHECK(pool.queued() == 1);
}

TEST_CASE_FIXTURE(Fixture, "a violation is logged once and gives the event back") {
  Pool pool(groupOf("p", 10, {"EVENT"}), shared);
  FakeProcess process;
  auto& l = pool.add("l", process);
  pool.onOutput(l, "READY\n");
  pool.accept(remote("x"));
  pool.dispatch();
  log->take();
  CHECK(pool.onOutput(l, "Traceback\n"));
  CHECK(log->take() == Lines{"WARN l: bad result line: 'Traceback'", "DEBG l: BUSY -> UNKNOWN", kUnknownWarning,
                             "DEBG rebuffering event 0 for pool p (buf size=0, max=10)"});
  CHECK_FALSE(pool.onOutput(l, "READY\n"));
  CHECK(log->take().empty());
  CHECK(pool.queued() == 1);
  pool.spawned(l);
  pool.onOutput(l, "READY\n");
  pool.dispatch();
  log->take();
  CHECK(pool.onOutput(l, "\xFF\n"));
  CHECK(log->take().at(0) == "WARN l: bad result line: 'Undecodable: b'\\xff''");
}
