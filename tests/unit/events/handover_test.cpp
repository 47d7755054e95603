// SPDX-License-Identifier: MIT
#include "instance/events/handover.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "instance/events/service.hpp"
#include "instance/output/outlets.hpp"
#include "instance/process/process.hpp"
#include "instance/process/table.hpp"
#include "instance/state/state.hpp"
#include "tests/unit/events/pool_fixture.hpp"

using namespace events;

namespace {

/// One supervisord: a table of listeners that were never started, and the service.
struct Life {
  explicit Life(const std::vector<std::string>& subscription = {"REMOTE_COMMUNICATION"}) {
    service.expectRestore();
    add("a", {"a0", "a1", "a2"}, subscription);
    add("b", {"b"}, subscription);
  }

  void add(const std::string& name, const std::vector<std::string>& programs,
           const std::vector<std::string>& subscription) {
    auto group = std::make_shared<config::GroupConfig>(groupOf(name, 3, subscription));
    for (const auto& program : programs) {
      auto config = std::make_shared<config::ProcessConfig>();
      config->name = program;
      config->command = "/bin/true";
      config->out.target = config->err.target = config::LogSettings::Target::None;
      group->processes.push_back(config);
    }
    REQUIRE(table.add(group).has_value());
  }

  core::EventLoop loop;
  output::Outlets outlets{loop};
  process::Table table{loop, outlets, {}};
  Service service{loop, table, "supervisor"};
};

state::Event eventOf(std::uint64_t serial) {
  return {serial, "REMOTE_COMMUNICATION", "type:t\nx", "", std::nullopt, ""};
}

state::Pool poolOf(std::string group, std::vector<state::Delivery> queue) {
  state::Pool pool;
  pool.group = std::move(group);
  pool.queue = std::move(queue);
  return pool;
}

state::Listener listenerOf(std::string group, std::string name, ListenerState protocol) {
  state::Listener listener;
  listener.group = std::move(group);
  listener.name = std::move(name);
  listener.protocol = static_cast<int>(protocol);
  return listener;
}

/// With another value in each field.
state::Events full() {
  state::Events saved;
  saved.nextSerial = 77;
  saved.delivered = 60;
  for (const std::uint64_t serial : {70U, 71U, 72U, 75U}) saved.events.push_back(eventOf(serial));
  saved.events[1] = {71, "PROCESS_LOG_STDOUT", std::string("l\0\xff\n", 4), " exitcode:1", "group", "process"};
  saved.events[2].sourceGroup = "";  // a source without a name is a source
  saved.pools = {poolOf("a", {{71, 5}, {75, 9}}), poolOf("b", {{72, 1}})};
  saved.pools[0].nextSerial = 10;
  saved.pools[0].dropped = 3;
  saved.pools[0].pause = 400'000'000;
  saved.pools[0].pausedUntil = core::Instant(core::seconds(1'000'000'000));
  saved.pools[1].nextSerial = std::numeric_limits<std::int64_t>::max();
  saved.listeners = {listenerOf("a", "a0", ListenerState::Busy), listenerOf("a", "a1", ListenerState::Unknown),
                     listenerOf("a", "a2", ListenerState::Acknowledged), listenerOf("b", "b", ListenerState::Busy)};
  saved.listeners[0].current = state::Delivery{70, 4};
  saved.listeners[0].length = 9;
  saved.listeners[0].pending = std::string("r\0\xfe", 3);
  saved.listeners[0].processed = 12;
  saved.listeners[1].restartDue = core::Instant(core::seconds(1'000'000'000));
  saved.listeners[1].backOff = 16;
  saved.listeners[2].pending = "REA";
  saved.listeners[2].restarting = true;
  saved.listeners[3].pending = "RESULT ";  // the event it worked on went to another listener
  return saved;
}

/// A pool with one listener.
struct OnePool : Fixture {
  OnePool() { process.isRunning = true; }
  Pool pool{groupOf("p", 10, {"REMOTE_COMMUNICATION"}), shared};
  FakeProcess process;
  Pool::Member& member = pool.add("l", process);

  void write(std::string_view bytes) {
    (void)pool.onOutput(member, bytes);
    pool.dispatch();
  }
  /// Continues where `other` is.
  void takeOver(const OnePool& other) {
    EventsBySerial events;
    other.pool.collect(events);
    state::Listener listener;
    other.member.save(listener);
    shared.nextSerial = other.shared.nextSerial;
    pool.restore(other.pool.save(), events);
    member.restore(listener, events);
  }
};

}  // namespace

TEST_CASE("a service continues with each fact of its predecessor") {
  Life life;
  const auto saved = full();
  REQUIRE(life.service.restore(saved).has_value());
  CHECK(life.service.save() == saved);
}

TEST_CASE("a service that has done nothing leaves nothing but its members") {
  Life before;
  REQUIRE(before.service.restore({}).has_value());
  const auto saved = before.service.save();
  CHECK(saved.events.empty());
  CHECK(saved.pools.size() == 2);
  CHECK(saved.listeners.size() == 4);
  Life after;
  REQUIRE(after.service.restore(saved).has_value());
  CHECK(after.service.save() == saved);
}

TEST_CASE("groups that come from a predecessor are not announced, later ones are") {
  Life life({"EVENT"});
  CHECK(life.service.nextSerial() == 0);
  life.service.remoteCommunication("t", "before the state is there");
  CHECK(life.service.nextSerial() == 0);
  state::Events saved;
  saved.nextSerial = 5;
  REQUIRE(life.service.restore(saved).has_value());
  CHECK(life.service.nextSerial() == 5);
  life.add("new", {"new"}, {"EVENT"});
  const auto after = life.service.save();
  CHECK(after.nextSerial == 6);
  REQUIRE(after.events.size() == 1);
  CHECK(after.events[0].type == "PROCESS_GROUP_ADDED");
  CHECK(after.events[0].payload == "groupname:new\n");
}

TEST_CASE("a tick that fell during the change comes once, and none comes twice") {
  const std::int64_t hour = core::wallSeconds() / 3600 * 3600;
  state::Events saved;
  saved.ticks = {std::nullopt, std::nullopt, hour - 2 * 3600};
  Life late({"TICK_3600"});
  REQUIRE(late.service.restore(saved).has_value());
  const auto after = late.service.save();
  REQUIRE(after.events.size() == 1);  // missed hours are skipped
  CHECK(after.events[0].type == "TICK_3600");
  CHECK(*after.ticks[2] >= hour);
  Life punctual({"TICK_3600"});
  REQUIRE(punctual.service.restore(after).has_value());
  if (punctual.service.save().ticks == after.ticks) CHECK(punctual.service.save() == after);
}

TEST_CASE("an event that waits in two pools is one event in the next program, too") {
  Life life;
  state::Events saved;
  saved.events = {eventOf(4)};
  saved.nextSerial = 5;
  saved.pools = {poolOf("a", {{4, 0}}), poolOf("b", {{4, 0}})};
  REQUIRE(life.service.restore(saved).has_value());
  CHECK(life.service.save().events == saved.events);
  CHECK(life.service.nextSerial() == 5);
}

TEST_CASE("a queue that is longer than the buffer loses its oldest events") {
  Life life;
  state::Events saved;
  std::vector<state::Delivery> queue;
  for (std::uint64_t serial = 0; serial < 5; ++serial) {
    saved.events.push_back(eventOf(serial));
    queue.push_back({serial, serial});
  }
  saved.pools = {poolOf("a", queue)};
  REQUIRE(life.service.restore(saved).has_value());
  const auto after = life.service.save();
  CHECK(after.pools[0].queue == std::vector<state::Delivery>{{2, 2}, {3, 3}, {4, 4}});
  CHECK(after.pools[0].dropped == 2);
}

TEST_CASE("a group or listener that is gone loses its share, the others keep theirs") {
  Life life;
  auto saved = full();
  saved.pools.push_back(poolOf("gone\n\x1b[1m", {{70, 1}}));
  saved.listeners.push_back(listenerOf("a", "gone", ListenerState::Ready));
  const auto log = std::make_shared<LogLines>();
  logging::setSinks({log});
  const bool restored = life.service.restore(saved).has_value();
  logging::setSinks({});
  CHECK(restored);
  CHECK(life.service.save() == full());
  REQUIRE(log->lines.size() == 2);
  CHECK(log->lines[0].starts_with("ERRO discarded 1 events of pool gone"));
  CHECK(log->lines[0].find('\x1b') == std::string::npos);
  CHECK(log->lines[1] == "ERRO discarded the conversation with a:gone: there is no such listener any more");
}

TEST_CASE("a state with something unknown or contradictory is refused, and changes nothing") {
  using Damage = std::function<void(state::Events&)>;
  const std::vector<std::pair<Damage, std::string>> cases{
      {[](auto& s) { s.events[0].type = "PROCESS_STATE_PAUSED"; },
       "event 70 has the unknown type 'PROCESS_STATE_PAUSED'"},
      {[](auto& s) { s.events[1].serial = 70; }, "there are two events with the serial 70"},
      {[](auto& s) { s.pools[0].queue[1].serial = 1; }, "pool 'a' waits with event 1, which is missing"},
      {[](auto& s) { s.pools[0].pause = -1; }, "pool 'a' pauses for -1 ns"},
      {[](auto& s) { s.listeners[0].protocol = 50; }, "listener 'a:a0' is in the unknown state 50"},
      {[](auto& s) { s.listeners[0].protocol = 266; }, "listener 'a:a0' is in the unknown state 266"},
      {[](auto& s) { s.listeners[0].current->serial = 1; }, "listener 'a:a0' works on event 1, which is missing"},
      {[](auto& s) { s.listeners[0].pending = "0123456789"; },
       "listener 'a:a0' has an answer that does not fit its state"},
      {[](auto& s) { s.listeners[0].length = 1ULL << 40; },
       "listener 'a:a0' has an answer that does not fit its state"},
      {[](auto& s) { s.listeners[1].length = 1; }, "listener 'a:a1' has an answer that does not fit its state"},
      {[](auto& s) { s.listeners[1].pending = "x"; }, "listener 'a:a1' has an answer that does not fit its state"},
      {[](auto& s) {
         s.listeners[2].current = state::Delivery{70, 1};
       },
       "listener 'a:a2' has an answer that does not fit its state"},
      {[](auto& s) { s.listeners[2].pending = "READY\n"; },
       "listener 'a:a2' has an answer that does not fit its state"},
      {[](auto& s) { s.listeners[3].pending.assign(ListenerProtocol::kMaxLine + 1, 'x'); },
       "listener 'b:b' has an answer that does not fit its state"},
      {[](auto& s) { s.listeners[1].backOff = 61; }, "listener 'a:a1' waits 61 s for its restart"},
      {[](auto& s) { s.listeners[1].backOff = -1; }, "listener 'a:a1' waits -1 s for its restart"},
  };
  Life life;
  REQUIRE(life.service.restore(full()).has_value());
  for (const auto& [damage, reason] : cases) {
    auto damaged = full();
    damage(damaged);
    const auto restored = life.service.restore(damaged);
    REQUIRE_FALSE(restored.has_value());
    CHECK(restored.error().text == "the state of the events cannot be used: " + reason);
    CHECK(life.service.save() == full());
  }
}

TEST_CASE("a conversation continues at whatever byte it was handed over") {
  const std::string said = "READY\nRESULT 2\nOKREADY\nRESULT 4\nFAILREADY\nRESULT 0\nbad";
  const auto begin = [](OnePool& one) {
    for (const char* data : {"first", "second", "third"}) one.pool.accept(remote(data));
  };
  std::vector<std::string> sent;
  {
    OnePool whole;
    begin(whole);
    for (const char c : said) whole.write(std::string_view(&c, 1));
    sent = whole.process.sent;
  }
  REQUIRE(sent.size() == 2);  // "second" was rejected: a pause
  for (std::size_t cut = 0; cut <= said.size(); ++cut) {
    CAPTURE(cut);
    OnePool before;
    begin(before);
    for (const char c : said.substr(0, cut)) before.write(std::string_view(&c, 1));
    OnePool after;
    after.takeOver(before);
    for (const char c : said.substr(cut)) after.write(std::string_view(&c, 1));
    auto all = before.process.sent;
    all.insert(all.end(), after.process.sent.begin(), after.process.sent.end());
    CHECK(all == sent);
    CHECK(after.member.state() == ListenerState::Unknown);
    CHECK(after.pool.queued() == 2);
    CHECK(after.pool.pausedUntil().has_value());
    CHECK(after.shared.nextSerial == 3);
  }
}

TEST_CASE("a listener whose restart fell due during the change is restarted") {
  core::EventLoop loop;
  output::Outlets outlets(loop);
  process::Table table(loop, outlets, {});
  Service service(loop, table, "supervisor");
  bool down = false;
  table.onDown([&] { down = true; });
  auto group = std::make_shared<config::GroupConfig>(groupOf("l", 3, {"REMOTE_COMMUNICATION"}));
  auto config = std::make_shared<config::ProcessConfig>();
  config->name = "l";
  config->command = "/bin/sleep 1000";
  config->startSeconds = 0;
  config->out.target = config->err.target = config::LogSettings::Target::None;
  group->processes.push_back(config);
  REQUIRE(table.add(group).has_value());
  table.begin();
  const auto until = [&](const std::function<bool()>& done) {
    const auto deadline = core::Clock::now() + core::seconds(30);
    while (!done() && core::Clock::now() < deadline) loop.step(core::milliseconds(20));
    REQUIRE(done());
  };
  const process::Process& program = *table.find("l", "l");
  until([&] { return program.state() == lifecycle::ProcessState::Running; });
  const pid_t first = program.pid();
  state::Events saved;
  saved.listeners = {listenerOf("l", "l", ListenerState::Unknown)};
  saved.listeners[0].restartDue = core::Clock::now() - core::seconds(1);
  saved.listeners[0].backOff = 4;
  REQUIRE(service.restore(saved).has_value());
  until([&] { return program.state() == lifecycle::ProcessState::Running && program.pid() != first; });
  CHECK(service.find(program)->state() == ListenerState::Acknowledged);
  CHECK(service.save().listeners[0].backOff == 4);
  table.leave(process::SupervisorState::Shutdown);
  until([&] { return down; });
}
