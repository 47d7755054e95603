// SPDX-License-Identifier: MIT
// What is written is read again.
#include "instance/state/text.hpp"

#include <doctest/doctest.h>

#include "tests/unit/state/generated.hpp"

using namespace state;
using generated::difference;
using generated::Generator;

TEST_CASE("every field of a state goes through the text and back") {
  for (unsigned seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    const State before = Generator(seed).state();
    const std::string text = encode(before);
    const auto after = decode(text);
    if (!after) FAIL(after.error().text);
    CHECK(difference(before, *after) == "");
    CHECK(encode(*after) == text);
  }
}

TEST_CASE("the comparison of these tests sees every field") {
  const auto vary = [](auto value) {
    using T = decltype(value);
    std::size_t seen = 0, fields = 0;
    const auto visit = [&](const char* /*name*/, auto member) {
      ++fields;
      const T before{};
      for (unsigned seed = 0; seed < 100; ++seed) {
        T after{};
        Generator(seed).fill(after.*member);
        std::string where;
        if (generated::same(before, after, where)) continue;
        ++seen;
        return;
      }
    };
    describe(visit, Of<T>());
    CHECK(seen == fields);
  };
  vary(Program());
  vary(Channel());
  vary(Connection());
  vary(config::ProcessConfig());
  vary(config::Daemon());
}

TEST_CASE("each record alone, in a journal") {
  for (unsigned seed = 0; seed < 50; ++seed) {
    CAPTURE(seed);
    const State before = Generator(seed).state();
    std::string journal(kFirstLine);
    for (const auto& program : before.programs) append(journal, program);
    append(journal, before.events);
    for (const auto& event : before.events.events) append(journal, event);
    for (const auto& pool : before.events.pools) append(journal, pool);
    for (const auto& listener : before.events.listeners) append(journal, listener);
    append(journal, before.unsent);
    for (const auto& server : before.servers) append(journal, server);
    for (const auto& connection : before.connections) append(journal, connection);
    for (const auto& descriptor : before.descriptors) append(journal, descriptor);
    for (const auto& socket : before.sharedSockets) append(journal, socket);
    for (const auto& group : before.groups) append(journal, *group);
    for (const auto& group : before.configured) appendConfigured(journal, *group);
    if (before.reread) appendReread(journal, *before.reread);
    append(journal, before.configuration);
    append(journal, before.commandLine);
    append(journal, before.daemon);
    const auto after = replay(journal);
    if (!after) FAIL(after.error().text);
    CHECK(difference(before, *after) == "");
  }
}

TEST_CASE("equal environments, and groups that run as they are configured, are shared") {
  State state;
  auto process = std::make_shared<config::ProcessConfig>();
  process->environment = {{"A", "1"}};
  for (const char* name : {"a", "b"}) {
    config::GroupConfig group;
    group.name = name;
    group.processes = {process};
    state.groups.push_back(std::make_shared<const config::GroupConfig>(group));
  }
  auto changed = *state.groups[1];
  changed.priority = 1;
  state.configured = {state.groups[0], std::make_shared<const config::GroupConfig>(changed)};
  const auto read = decode(encode(state));
  REQUIRE(read);
  CHECK(&read->groups[0]->processes[0]->environment.list() == &read->groups[1]->processes[0]->environment.list());
  CHECK(read->configured[0] == read->groups[0]);
  CHECK(read->configured[1] != read->groups[1]);
  CHECK(read->configured[1]->priority == 1);
}

// Other versions read this text, and write it: what it means must not change. A changed default of a member changes the
// meaning of texts that leave it out: give the field a new name.
TEST_CASE("a state of format 1 means what it meant") {
  const auto state = decode(
      "supervisord-state 1\n"
      "daemon\n version=0.1.0\n pid=77\n nextNumber=9\n fileLimit=yes\n fileLimit.soft=10\n fileLimit.hard=20\n"
      "configuration\n file=/etc/s.conf\n daemon.logLevel=debug\n daemon.environment=1\n"
      " daemon.environment.0=A\\x3dB=c=d\n"
      "group web\n name=web\n processes=1\n processes.0=yes\n processes.0.name=w\n processes.0.out.target=file\n"
      " processes.0.exitCodes=2\n processes.0.exitCodes.0=0\n processes.0.exitCodes.1=3\n"
      "program 8\n group=web\n name=w\n number=8\n machine.state=RUNNING\n machine.started=5000000001\n pid=78\n"
      " out.pipe=p8.out\n out.left=1\n out.left.0=yes\n out.left.0.pid=12\n out.log.line=half\\\\ a\\x1b\\n\n err=yes\n"
      "end 4\n");
  if (!state) FAIL(state.error().text);
  CHECK(state->daemon.fileLimit->rlim_max == 20);
  CHECK(state->configuration.daemon.logLevel == logging::Level::Debug);
  CHECK(*state->configuration.daemon.environment.find("A=B") == "c=d");
  CHECK(state->configuration.daemon.logMaxBytes == 50 * 1024 * 1024);
  CHECK(state->configuration.daemon.logBackups == 10);
  CHECK(state->configuration.daemon.umask == 022);
  const auto& process = *state->groups.at(0)->processes.at(0);
  CHECK(process.exitCodes == std::vector<int>{0, 3});
  CHECK(process.out.target == config::LogSettings::Target::File);
  CHECK(process.err.target == config::LogSettings::Target::Auto);
  CHECK(process.out.maxBytes == 50 * 1024 * 1024);
  CHECK(process.out.backups == 10);
  CHECK(process.priority == 999);
  CHECK(process.startSeconds == 1);
  CHECK(process.startRetries == 3);
  CHECK(process.stopWaitSeconds == 10);
  CHECK(process.stopSignal == 15);
  CHECK(process.autoRestart == config::AutoRestart::Unexpected);
  CHECK(process.backpressure == config::Backpressure::Block);
  CHECK(process.autoStart);
  CHECK(process.socket == -1);
  CHECK(state->groups[0]->priority == 999);
  const auto& program = state->programs.at(0);
  CHECK(program.machine.state == lifecycle::ProcessState::Running);
  CHECK(program.machine.started == core::Instant(std::chrono::nanoseconds(5'000'000'001)));
  CHECK(program.out.log.line == "half\\ a\x1b\n");
  CHECK(program.out.left.at(0).pid == 12);
  CHECK(program.err == Channel());
  CHECK(config::ListenerSettings().bufferSize == 10);
  CHECK(config::HttpServer().mode == 0700);
  CHECK(Listener().protocol == 30);
  CHECK(config::Daemon().minFds == 1024);
  CHECK(config::Daemon().minProcs == 200);
  CHECK(config::Daemon().identifier == "supervisor");
}

TEST_CASE("a journal: later records replace earlier ones, in their place") {
  std::string journal(kFirstLine);
  append(journal, Daemon());
  append(journal, config::Configuration());
  config::GroupConfig group;
  for (const char* name : {"a", "b", "c"}) {
    group.name = name;
    append(journal, group);
  }
  group.name = "a";
  group.priority = 5;
  append(journal, group);
  appendGone(journal, "group", "b");
  appendGone(journal, "group", "never:written");
  group.name = "b";
  append(journal, group);
  const auto state = replay(journal);
  if (!state) FAIL(state.error().text);
  REQUIRE(state->groups.size() == 3);
  CHECK(state->groups[0]->name == "a");
  CHECK(state->groups[0]->priority == 5);
  CHECK(state->groups[1]->name == "c");
  CHECK(state->groups[2]->name == "b");
}

TEST_CASE("heads with any characters remove the record") {
  std::string journal(kFirstLine);
  append(journal, Daemon());
  append(journal, config::Configuration());
  config::GroupConfig group;
  group.name = "x y:\\\n";
  append(journal, group);
  appendGone(journal, headOf(group));
  append(journal, group);
  appendGone(journal, "group", group.name);
  const auto state = replay(journal);
  REQUIRE(state);
  CHECK(state->groups.empty());
  Listener one, other;
  one.group = "a:b";
  one.name = "c";
  other.group = "a";
  other.name = "b:c";
  CHECK(headOf(one) != headOf(other));
}
