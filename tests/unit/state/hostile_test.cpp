// SPDX-License-Identifier: MIT
// What is not a state is refused, with a message that helps.
#include <doctest/doctest.h>

#include <functional>

#include "instance/state/check.hpp"
#include "instance/state/records.hpp"
#include "instance/state/text.hpp"
#include "lib/core/terminal_text.hpp"
#include "lib/core/text.hpp"
#include "tests/unit/state/generated.hpp"

using namespace state;
using generated::difference;
using generated::Generator;

namespace {

/// Why `text` is refused; "" if it is not. Every message is safe on a terminal.
std::string problem(const core::Expected<State>& state) {
  if (state) return "";
  CHECK(state.error().text == core::printable(state.error().text));
  CHECK(state.error().text.size() < 1000);
  return state.error().text;
}

/// A document of a daemon and a configuration, with more lines.
std::string document(const std::string& more, std::size_t records = 2) {
  return "supervisord-state 1\ndaemon\n nextNumber=5\nconfiguration\n" + more + "end " + std::to_string(records) + "\n";
}

std::string problemOf(const std::string& more, std::size_t records = 2) {
  return problem(decode(document(more, records)));
}

/// The generated state, as lines with their ends.
std::vector<std::string> linesOf(const State& state) {
  auto lines = core::split(encode(state), '\n');
  lines.pop_back();
  for (auto& line : lines) line += '\n';
  return lines;
}

std::string textOf(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line;
  return text;
}

}  // namespace

TEST_CASE("a document that is cut off anywhere is refused") {
  const std::string text = encode(Generator(4).state());
  for (std::size_t size = 0; size < text.size(); ++size) {
    const bool afterLine = size > 0 && text[size - 1] == '\n';
    if (!afterLine && size % 17 != 0) continue;  // within a line one place is like the other
    CAPTURE(size);
    CHECK(problem(decode(text.substr(0, size))) != "");
  }
  CHECK(problem(decode("")).starts_with("this is not the state of a supervisord"));
  CHECK(problem(decode(text.substr(0, text.size() - 1))).ends_with("the text is cut off: the line has no end"));
}

TEST_CASE("a document with a line twice is refused") {
  const auto lines = linesOf(Generator(4).state());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    auto doubled = lines;
    doubled.insert(doubled.begin() + static_cast<std::ptrdiff_t>(i), lines[i]);
    CAPTURE(lines[i]);
    CHECK(problem(decode(textOf(doubled))) != "");
  }
  CHECK(problemOf("daemon\n", 3) == "line 5 of the state: record 'daemon' occurs twice");
  CHECK(problemOf(" file=a\n file=b\n") == "line 6 of the state: field 'file' occurs twice");
  CHECK(problem(decode(document("") + "daemon\n")) == "line 6 of the state: there is text after the end");
}

TEST_CASE("the order of fields and of most records does not matter") {
  auto lines = linesOf(Generator(5).state());
  const auto read = decode(textOf(lines));
  REQUIRE_MESSAGE(read, (read ? "" : read.error().text));
  const State& before = *read;
  for (std::size_t i = 0; i < lines.size();) {
    auto end = i + 1;
    while (end < lines.size() && lines[end].starts_with(' ')) ++end;
    std::reverse(lines.begin() + static_cast<std::ptrdiff_t>(i) + 1, lines.begin() + static_cast<std::ptrdiff_t>(end));
    i = end;
  }
  const auto after = decode(textOf(lines));
  REQUIRE(after);
  CHECK(difference(before, *after) == "");
}

TEST_CASE("any damaged byte is read or refused, without a crash") {
  const std::string text = encode(Generator(6).state());
  constexpr std::string_view bytes("\0\n =\\9-\xff!", 9);
  for (std::size_t at = 0; at < text.size(); at += 5) {
    std::string damaged = text;
    damaged[at] = bytes[at % bytes.size()];
    (void)problem(decode(damaged));
    (void)problem(replay(damaged));
  }
}

TEST_CASE("what a newer supervisord added is skipped, unless it must be understood") {
  const State before = Generator(8).state();
  auto lines = linesOf(before);
  lines.pop_back();
  std::vector<std::string> newer;
  std::size_t records = 0;
  for (const auto& line : lines) {
    newer.push_back(line);
    if (line.starts_with(' ') || line == kFirstLine) continue;
    newer.push_back(" new=1\n");
    newer.push_back(" new.0.inner=\\x00\n");
    ++records;
  }
  newer.push_back("weather today\n wind=!strong\n !field=of a record that is not needed\n");
  newer.push_back("end " + std::to_string(records + 1) + "\n");
  const auto after = decode(textOf(newer));
  if (!after) FAIL(after.error().text);
  CHECK(difference(before, *after) == "");

  const std::string end = ", which this one does not know";
  CHECK(problemOf(" !x=1\n") == "the state was written by a newer supervisord: it has '!x' (line 5)" + end);
  CHECK(problemOf(" daemon.!x=1\n") ==
        "the state was written by a newer supervisord: it has 'daemon.!x' (line 5)" + end);
  CHECK(problemOf("!weather today\n", 3) ==
        "the state was written by a newer supervisord: it has '!weather' (line 5)" + end);
  CHECK(problem(decode("supervisord-state 2\nend 0\n")) ==
        "the state has format '2', and this supervisord understands format 1");
  CHECK(problem(decode("supervisord-state 11\nend 0\n")).starts_with("the state has format '11'"));
  CHECK(problem(decode("supervisord-state 1.7\n" + document("").substr(kFirstLine.size()))) == "");
}

TEST_CASE("values that are not of the field's type are refused with their line") {
  const auto refused = [](const std::string& line, const std::string& value, const std::string& instead) {
    const auto name = line.substr(0, line.find('='));
    CHECK(problemOf(" " + line + "\n") ==
          "line 5 of the state: field '" + name + "' has " + value + " instead of " + instead);
  };
  const std::string number = "a number from -2147483648 to 2147483647";
  refused("daemon.minFds=", "''", number);
  refused("daemon.minFds=1x", "'1x'", number);
  refused("daemon.minFds= 1", "' 1'", number);
  refused("daemon.minFds=2147483648", "'2147483648'", number);
  refused("daemon.uid=-1", "'-1'", "a number from 0 to 4294967295");
  refused("daemon.silent=1", "'1'", "yes or no");
  refused("daemon.logLevel=loud", "'loud'", "a word that this supervisord knows");
  refused("file=a\\", "'a\\'", "a text with valid escapes");
  refused("file=\\q", "'\\q'", "a text with valid escapes");
  refused("file=\\x1", "'\\x1'", "a text with valid escapes");
  refused("file=a\x1b[2J", "'a\\x1b[2J'", "a text with valid escapes");
  refused("servers=1", "'1'", "the number of its members: 'servers.0' does not exist");
  refused("servers=-1", "'-1'", "a number from 0 to 18446744073709551615");
  CHECK(problemOf(" servers=1\n servers.0=no\n") == "line 6 of the state: field 'servers.0' has 'no' instead of yes");
  CHECK(problemOf(" daemon.environment=2\n daemon.environment.0=B=1\n daemon.environment.1=A=1\n") ==
        "line 5 of the state: field 'daemon.environment' has '2' instead of sorted and different variables");
  CHECK(problemOf(" daemon.environment=1\n daemon.environment.0=B\n") != "");
}

TEST_CASE("lines that are none") {
  CHECK(problem(decode("supervisord-state 1\n a=b\nend 0\n")) == "line 2 of the state: a field without a record");
  CHECK(problemOf(" abc\n") == "line 5 of the state: 'abc' is not a field: NAME=VALUE");
  CHECK(problemOf(" =x\n") == "line 5 of the state: '=x' is not a field: NAME=VALUE");
  CHECK(problemOf(" a b=x\n") == "line 5 of the state: 'a b=x' is not a field: NAME=VALUE");
  CHECK(problemOf("\n", 3) == "line 5 of the state: '' does not begin a record");
  CHECK(problemOf("\x1b[2J x\n", 3) == "line 5 of the state: '\\x1b[2J x' does not begin a record");
  CHECK(problemOf("gone group x\n", 3) == "line 5 of the state: 'gone group x' does not belong here");
  CHECK(problemOf("", 3).find("'end 3' claims others") != std::string::npos);
  CHECK(problem(replay(document(""))) == "line 5 of the state: 'end 2' does not belong here");
  CHECK(problem(decode("supervisord-state 1\ndaemon\nend 1\n")) == "the state has no record 'configuration'");
  CHECK(problem(decode("supervisord-state 1\nconfiguration\nend 1\n")) == "the state has no record 'daemon'");
  CHECK(problemOf("group a\n name=b\n", 3) == "line 5 of the state: record 'group a' has the fields of 'group b'");
}

TEST_CASE("too much of anything ends, and costs no more memory than its text") {
  CHECK(problemOf(" servers=18446744073709551615\n servers.0=yes\n servers.1=yes\n")
            .ends_with("'servers.2' does not exist"));
  CHECK(problemOf(" " + std::string(300, 'a') + "=1\n").find("is not a field") != std::string::npos);
  CHECK(problemOf(" a" + core::replaceAll(std::string(20, '.'), ".", ".a") + "=1\n").ends_with("is too deep"));
  CHECK(problemOf("group " + std::string(100'000, 'a') + "\n", 3).find("the key is too long") != std::string::npos);
  std::string many;
  for (int i = 0; i < 1'000'001; ++i) many += "x " + std::to_string(i) + "\n";
  CHECK(problemOf(many, 1'000'003).ends_with("too many records"));
}

TEST_CASE("names that are made to collide are refused before they cost time") {
  std::string fields;
  int found = 0;
  for (int i = 0; found < 1000; ++i) {
    const std::string name = "a" + std::to_string(i);
    std::uint64_t hash = kEmptyHash;
    for (const char c : name) hash = hashed(hash, c);
    if (((hash + (hash >> 32)) & 2047) != 0) continue;  // the table for 1,000 fields has 2,048 slots
    fields += " " + name + "=1\n";
    ++found;
  }
  CHECK(problemOf(fields).ends_with("the names of the record's fields are made to collide"));
}

TEST_CASE("parts that do not fit together are refused") {
  const auto refused = [](const std::string& why, const std::function<void(State&)>& change) {
    State state;
    state.daemon.nextNumber = 3;
    state.configuration.servers.resize(1);
    for (const char* name : {"g", "l"}) {
      config::GroupConfig group;
      group.name = name;
      auto process = std::make_shared<config::ProcessConfig>();
      process->name = "p";
      group.processes = {process};
      if (group.name == "l") {
        group.kind = config::GroupConfig::Kind::EventListener;
        group.listener.emplace();
      }
      state.groups.push_back(std::make_shared<const config::GroupConfig>(group));
      state.programs.emplace_back();
      state.programs.back().group = name;
      state.programs.back().name = "p";
      state.programs.back().number = static_cast<std::uint32_t>(state.programs.size());
    }
    state.events.events.emplace_back();
    state.events.pools.emplace_back().group = "l";
    state.events.pools[0].queue = {{0, 1}};
    state.events.listeners.emplace_back().group = "l";
    state.events.listeners[0].name = "p";
    state.connections.emplace_back().socket = "c1";
    state.descriptors = {{"c1", 7}};
    REQUIRE(problem(decode(encode(state))) == "");
    change(state);
    CHECK(problem(decode(encode(state))) == "the state contradicts itself: " + why);
  };
  const auto regroup = [](State& state, std::size_t place, const std::function<void(config::GroupConfig&)>& change) {
    auto group = *state.groups[place];
    change(group);
    state.groups[place] = std::make_shared<const config::GroupConfig>(group);
  };
  refused("program 'x:p' has no group", [](State& s) { s.programs[0].group = "x"; });
  refused("program 'g:x' has no configuration", [](State& s) { s.programs[0].name = "x"; });
  refused("program 'g:p' exists twice", [](State& s) { s.programs[1].group = "g"; });
  refused("program 'g:p' has the configuration of ''", [](State& s) { s.programs[0].config.emplace(); });
  refused("program 'g:p' has number 3, and the next one is 3", [](State& s) { s.programs[0].number = 3; });
  refused("process 9 belongs to two programs", [](State& s) { s.programs[0].pid = s.programs[1].pid = 9; });
  // kill(2) would reach others with these.
  for (const int pid : {-1, -9, 1})
    refused("program 'g:p' cannot have process " + std::to_string(pid), [pid](State& s) { s.programs[0].pid = pid; });
  refused("program 'g:p' is RUNNING without a process",
          [](State& s) { s.programs[0].machine.state = lifecycle::ProcessState::Running; });
  refused("the output of program 'g:p' has a filter in state 3", [](State& s) { s.programs[0].out.escape = 3; });
  refused("the output of program 'g:p' is from process -1", [](State& s) {
    s.programs[0].err.emplace().left = {{-1, 5}};
  });
  refused("program 'g:p' uses socket 0 of a group that has 0", [&](State& s) {
    regroup(s, 0, [](auto& group) {
      auto process = *group.processes[0];
      process.socket = 0;
      group.processes[0] = std::make_shared<const config::ProcessConfig>(process);
    });
  });
  refused("program 'g:p' has stop signal -1", [&](State& s) {
    regroup(s, 0, [](auto& group) {
      auto process = *group.processes[0];
      process.stopSignal = -1;
      group.processes[0] = std::make_shared<const config::ProcessConfig>(process);
    });
  });
  refused("program 'g:p' is configured twice",
          [&](State& s) { regroup(s, 0, [](auto& group) { group.processes.push_back(group.processes[0]); }); });
  refused("group 'g' is an event listener by halves",
          [&](State& s) { regroup(s, 0, [](auto& group) { group.listener.emplace(); }); });
  refused("socket 0 of group 'g' does not exist", [](State& s) { s.sharedSockets.emplace_back().group = "g"; });
  refused("there are events for 'g', and it has no listeners", [](State& s) { s.events.pools[0].group = "g"; });
  refused("event 5, which waits for 'l', does not exist", [](State& s) { s.events.pools[0].queue[0].serial = 5; });
  refused("event 5, which waits for 'l:p', does not exist", [](State& s) {
    s.events.listeners[0].current = Delivery{5, 1};
  });
  refused("event listener 'l:q' does not exist", [](State& s) { s.events.listeners[0].name = "q"; });
  refused("event listener 'l:p' is in state 11", [](State& s) { s.events.listeners[0].protocol = 11; });
  refused("connection 'c1' has no server", [](State& s) { s.connections[0].gate = 1; });
  refused("connection 'c1' reads from a negative offset",
          [](State& s) { s.connections[0].stream.emplace().offset = -1; });
  refused("socket 's' has no server in the configuration", [](State& s) { s.servers.push_back({"s", 1, 0, 0}); });
  refused("'a:b' cannot be the name of a descriptor", [](State& s) { s.descriptors[0].name = "a:b"; });
  refused("descriptor 'c1' has number -1", [](State& s) { s.descriptors[0].fd = -1; });
  refused("descriptor 'd' has number 7, as another one", [](State& s) { s.descriptors.push_back({"d", 7}); });
}

TEST_CASE("the process of a program that is being started may be missing in a journal") {
  State state;
  state.daemon.nextNumber = 2;
  config::GroupConfig group;
  group.name = "g";
  group.processes = {std::make_shared<const config::ProcessConfig>()};
  Program program;
  program.group = "g";
  program.machine.state = lifecycle::ProcessState::Starting;
  std::string journal(kFirstLine);
  append(journal, state.daemon);
  append(journal, state.configuration);
  append(journal, group);
  append(journal, program);
  const auto read = replay(journal);
  if (!read) FAIL(read.error().text);
  CHECK_FALSE(checkProcesses(*read));
}
