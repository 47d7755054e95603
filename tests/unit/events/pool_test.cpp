// SPDX-License-Identifier: MIT
#include "instance/events/pool.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "instance/config/model.hpp"
#include "instance/events/recovery.hpp"
#include "lib/core/log_sink.hpp"

using namespace events;

namespace {

/// Keeps the log's lines as "LEVL text".
class LogLines : public logging::LineSink {
 public:
  void writeLine(logging::Level, std::string_view line) noexcept override {
    std::string_view text = line.substr(24);  // after the time
    if (!text.empty() && text.back() == '\n') text.remove_suffix(1);
    lines.emplace_back(text);
  }
  std::vector<std::string> take() { return std::exchange(lines, {}); }
  std::vector<std::string> lines;
};

class FakeProcess : public ListenerProcess {
 public:
  [[nodiscard]] bool running() const override { return isRunning; }
  bool send(std::string_view bytes) override {
    if (broken) return false;
    sent.emplace_back(bytes);
    return true;
  }
  bool isRunning = true;
  bool broken = false;
  std::vector<std::string> sent;
};

config::GroupConfig groupOf(std::string name, int bufferSize, std::vector<std::string> names,
                            config::ResultHandler handler = config::ResultHandler::Default) {
  config::GroupConfig group;
  group.kind = config::GroupConfig::Kind::EventListener;
  group.name = std::move(name);
  group.listener = config::ListenerSettings{bufferSize, std::move(names), handler};
  return group;
}

struct Fixture {
  Fixture() {
    logging::setSinks({log});
    logging::setLevel(logging::Level::Debug);
  }
  ~Fixture() { logging::setSinks({}); }

  std::shared_ptr<LogLines> log = std::make_shared<LogLines>();
  std::vector<std::string> written;
  Shared shared{"supervisor", 0,
                [this](const Source& source, std::string_view bytes) {
                  written.push_back(source.group + ":" + source.process + "<" + std::string(bytes));
                },
                [this](std::string_view lines, config::Backpressure) { printed += lines; }};
  std::string printed;
};

using Lines = std::vector<std::string>;

EventPtr remote(std::string_view data) { return makeRemoteEvent("t", data); }

std::string rejection(const std::string& answer, const std::string& seconds) {
  return "WARN l: event was rejected: the answer was '" + answer + "' instead of 'OK'; it is sent again in " + seconds +
         " s";
}

constexpr auto kUnknownWarning =
    "WARN l: has entered the UNKNOWN state and will no longer receive events, this usually indicates the process "
    "violated the eventlistener protocol";

}  // namespace

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

TEST_CASE("the delay of a listener's restart grows until it works") {
  BackOff backOff;
  std::vector<core::seconds::rep> waits;
  for (int i = 0; i < 8; ++i) waits.push_back(backOff.next(false).count());
  CHECK(waits == std::vector<core::seconds::rep>{1, 2, 4, 8, 16, 32, 60, 60});
  CHECK(backOff.next(true).count() == 1);
  CHECK(backOff.next(false).count() == 2);
}
