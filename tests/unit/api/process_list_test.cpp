// SPDX-License-Identifier: MIT
// The kept answer of getAllProcessInfo is, byte for byte, the one that is written from nothing.
#include "instance/api/process_list.hpp"

#include <algorithm>
#include <random>
#include <set>

#include "instance/api/names.hpp"
#include "instance/api/process_info.hpp"
#include "tests/unit/process/bench.hpp"

using api::Moment;
using api::ProcessList;
using core::seconds;

namespace {

/// A list that has answered before, beside the same answer written from nothing.
class Lists {
 public:
  explicit Lists(Bench& bench) : bench_(bench), list_(bench.loop, bench.table) {}

  /// Compares at `moment`.
  void compare() {
    std::string expected = "<value><array><data>";
    for (const auto* program : api::byName(bench_.table)) api::appendProcessInfo(expected, *program, moment);
    expected += "</data></array></value>";
    // Not CHECK: doctest would copy and print two long texts for each of thousands of comparisons.
    if (list_.valueAt(moment) != expected) FAIL("the kept answer differs from a fresh one");
    answer = expected;
  }
  [[nodiscard]] std::size_t kept() const { return list_.kept(); }

  Moment moment = Moment::now();
  std::string answer;

 private:
  Bench& bench_;
  ProcessList list_;
};

/// Speaks no protocol, but has a trouble that the description tells.
class Troubled final : public process::Protocol {
 public:
  void onSpawned() override {}
  void onStdout(std::string_view) override {}
  void onStdinClosed() override {}
  void onExited() override {}
  [[nodiscard]] std::string_view trouble() const noexcept override { return text; }
  std::string text;
};

using Programs = std::vector<process::Process*>;

Programs all(const process::Table& table) {
  Programs programs;
  for (const auto& group : table.groups())
    for (const auto& program : group->processes()) programs.push_back(program.get());
  return programs;
}

/// Changes programs, groups and clocks by chance.
class Chance {
 public:
  explicit Chance(Bench& bench) : bench_(bench) {}

  void change(Moment& moment) {
    const auto programs = all(bench_.table);
    auto* const one = programs.empty() ? nullptr : programs[below(programs.size())];
    switch (below(10)) {
      case 0: return addGroup();
      case 1:
        if (one != nullptr && one->group().stopped()) bench_.table.remove(one->group());
        return;
      case 2:
        if (one != nullptr && one->pid() != 0) (void)one->stop();
        return;
      case 3:
      case 4:
        if (one != nullptr && one->pid() == 0) one->start();
        return;
      case 5: moment.wall += static_cast<std::int64_t>(below(3)); return;
      case 6: moment.steady += core::milliseconds(below(3000)); return;
      case 7: moment = Moment::now(); return;
      default: bench_.loop.step(core::milliseconds(1));
    }
  }

  std::size_t below(std::size_t n) { return random_() % n; }

 private:
  /// Names that are used again, sort anywhere and need escapes; programs that stay, end, or cannot be started.
  void addGroup() {
    const std::string name = std::string(1, static_cast<char>('a' + below(6))) + (below(3) == 0 ? "&<" : "");
    if (bench_.table.groups().size() >= 6 || bench_.table.find(name) != nullptr) return;
    std::vector<std::shared_ptr<config::ProcessConfig>> members;
    for (char letter = 'p'; letter <= 's'; ++letter) {
      if (below(2) == 0) continue;
      auto program = Bench::shell(std::string(1, letter), below(2) == 0 ? "exec sleep 100" : "exit 3");
      if (below(5) == 0) program->command = "/no/such/program";
      program->out.target = static_cast<config::LogSettings::Target>(below(3));
      program->out.path = bench_.directory() + "/out" + std::to_string(below(3));
      program->redirectStderr = below(4) == 0;
      program->startRetries = static_cast<int>(below(2));
      members.push_back(std::move(program));
    }
    bench_.add(name, members, static_cast<int>(below(1000)));
  }

  Bench& bench_;
  std::mt19937 random_{20251126};  // NOLINT(cert-msc51-cpp): the same sequence in each run
};

}  // namespace

TEST_CASE("the second moves, in texts of any length") {
  Bench bench;
  Lists lists(bench);
  lists.compare();  // no programs
  auto& program = bench.add(Bench::shell("web", "exec sleep 100"));
  lists.compare();
  program.start();
  bench.until(program, lifecycle::ProcessState::Running);
  // "uptime 0:00:09" to "1 day, 0:00:00" to "10 days", and `now` at the width of a clock that was never set.
  for (const int step : {0, 1, 9, 3600 * 10, 86400, 86400 * 10, 86400 * 300}) {
    lists.moment.steady += seconds(step);
    lists.compare();
    lists.moment.wall += step;
    lists.compare();
  }
  for (const std::int64_t wall : {9L, 10L, 2147483647L, 2147483648L, 0L}) {
    lists.moment.wall = wall;
    lists.compare();
  }
  lists.moment.steady = {};
  lists.compare();
  CHECK(lists.answer.find("uptime 0:00:00") != std::string::npos);
}

TEST_CASE("the trouble of a listener is shown as soon as it begins and ends") {
  Bench bench;
  Lists lists(bench);
  auto& program = bench.add(Bench::shell("speaker", "exec sleep 100"));
  Troubled protocol;
  program.start();
  bench.until(program, lifecycle::ProcessState::Running);
  for (int i = 0; i < 3; ++i) lists.compare();
  program.setProtocol(&protocol);
  for (const char* text : {"listener UNKNOWN", "", "listener <UNWELL>"}) {
    protocol.text = text;
    lists.compare();
    CHECK((lists.answer.find(", listener ") == std::string::npos) == protocol.text.empty());
  }
  program.setProtocol(nullptr);
  lists.compare();
  CHECK(lists.answer.find(", listener ") == std::string::npos);
}

TEST_CASE("a program that nobody started replaces another one") {
  Bench bench;
  Lists lists(bench);
  const auto follow = [&](const char* group, const char* name) {
    auto program = Bench::shell(name, "exit 0");
    program->out.target = program->err.target = config::LogSettings::Target::None;  // their paths have the name, too
    bench.add(group, {program});
    lists.compare();
    bench.table.remove(*bench.table.find(group));
  };
  for (const char* group : {"a", "b", "a", "a&", "b&"}) follow(group, "p");
  for (const char* name : {"p", "q", "<"}) follow("a", name);
}

TEST_CASE("only the outcome differs from that of the last run in the same second") {
  using lifecycle::ProcessState;
  Bench bench;
  Lists lists(bench);
  const std::string switch_ = bench.directory() + "/switch";
  auto& ends = bench.add(Bench::shell("ends", "test -e " + switch_));
  auto broken = Bench::shell("broken", "");
  broken->command = switch_;
  broken->startRetries = 0;
  auto& fails = bench.add(broken);
  for (int round = 0; round < 6; ++round) {
    (void)::unlink(switch_.c_str());
    if (round % 2 == 1) std::ofstream(switch_) << "not executable";
    ends.start();
    fails.start();
    bench.until(fails, ProcessState::Fatal);
    bench.until(ends, ProcessState::Exited);
    lists.compare();
  }
}

TEST_CASE("random changes of states, groups and clocks") {
  using lifecycle::ProcessState;
  Bench bench;
  Lists lists(bench);
  Chance chance(bench);
  std::set<ProcessState> missing{ProcessState::Stopped, ProcessState::Running, ProcessState::Stopping,
                                 ProcessState::Exited,  ProcessState::Backoff, ProcessState::Fatal};
  const auto limit = core::Clock::now() + seconds(60);
  for (int rounds = 0; rounds < 1500 || !missing.empty(); ++rounds) {
    REQUIRE(core::Clock::now() < limit);
    for (auto changes = chance.below(6); changes > 0; --changes) chance.change(lists.moment);
    lists.compare();
    for (const auto* program : all(bench.table)) missing.erase(program->state());
  }
  for (auto* program : all(bench.table))
    if (program->pid() != 0) ::kill(program->pid(), SIGKILL);
  bench.until([&] {
    const auto programs = all(bench.table);
    return std::all_of(programs.begin(), programs.end(), [](const auto* program) { return program->pid() == 0; });
  });
}

TEST_CASE("nothing is kept unless somebody asks again, and not for long") {
  Bench bench;
  bench.add(Bench::shell("web", "exit 0"));
  Lists lists(bench);
  lists.compare();
  CHECK(lists.kept() == 0);
  for (int calls = 0; lists.kept() == 0; ++calls) {
    REQUIRE(calls < 1000);
    lists.compare();
  }
  bench.until([&] { return lists.kept() == 0; });
}

TEST_CASE("a very long list is not kept") {
  Bench bench;
  std::vector<std::shared_ptr<config::ProcessConfig>> members;
  for (int i = 1000; i < 1401; ++i) members.push_back(Bench::shell(std::to_string(i), "exit 0"));
  bench.add("many", members);
  Lists lists(bench);
  for (int i = 0; i < 3; ++i) lists.compare();
  CHECK(lists.kept() == 0);
}
