// SPDX-License-Identifier: MIT
// A group takes over another configuration while its programs run.
#include "instance/config/change.hpp"
#include "tests/unit/process/succession.hpp"

namespace {

using lifecycle::ProcessState;
using Programs = std::vector<std::shared_ptr<config::ProcessConfig>>;
using Names = std::vector<std::string>;

config::GroupPtr configured(const Programs& programs, int priority = 999) {
  auto made = std::make_shared<config::GroupConfig>();
  made->name = "g";
  made->priority = priority;
  made->processes.assign(programs.begin(), programs.end());
  return made;
}

Names namesOf(const process::Group& group) {
  Names names;
  for (const auto& program : group.processes()) names.push_back(program->name());
  return names;
}

/// Hears of changed groups and removed programs, in order.
struct ChangeListener : process::Observer {
  explicit ChangeListener(process::Table& watched) : table(watched) { table.subscribe(*this); }
  ~ChangeListener() override { table.unsubscribe(*this); }
  void onGroupChanged(process::Group& changed) override { heard += "changed " + changed.name() + "; "; }
  void onProcessRemoved(process::Process& gone) override { heard += "removed " + gone.name() + "; "; }
  process::Table& table;
  std::string heard;
};

std::shared_ptr<config::ProcessConfig> asleep(const std::string& name) { return Bench::shell(name, "exec sleep 1000"); }

}  // namespace

TEST_CASE("programs come, go, stay and take over what needs no restart") {
  Bench bench;
  auto& g = bench.add("g", {asleep("a"), asleep("b"), asleep("c")});
  auto *const a = g.find("a"), *const b = g.find("b");
  for (const char* const name : {"a", "b"}) g.find(name)->start();
  const auto pid = a->pid();
  auto live = asleep("a");
  live->stopSignal = SIGINT;
  live->out.maxBytes = 77;
  const auto now = configured({asleep("d"), live, asleep("b")});
  ChangeListener listener(bench.table);
  REQUIRE(bench.table.apply(g, now));
  CHECK(namesOf(g) == Names{"d", "a", "b"});
  CHECK(listener.heard == "changed g; removed c; ");
  CHECK(g.find("a") == a);
  CHECK(g.find("b") == b);
  CHECK(g.find("c") == nullptr);
  CHECK(g.configPtr() == now);
  CHECK(&a->config() == live.get());
  CHECK(a->pid() == pid);
  CHECK(g.find("d")->state() == ProcessState::Stopped);
  CHECK(bench.table.find("g") == &g);
  CHECK(bench.table.find("g", "d") != nullptr);
  REQUIRE(a->stop());
  bench.until(*a, ProcessState::Stopped);
  CHECK(bench.log().find("stopped: a (terminated by SIGINT)") != std::string::npos);
  b->killNow();
  bench.until(*b, ProcessState::Exited);
}

TEST_CASE("what has to end first prevents all of the change") {
  Bench bench;
  auto& g = bench.add("g", {asleep("a"), asleep("b")});
  for (const auto& program : g.processes()) program->start();
  const auto before = g.configPtr();
  ChangeListener listener(bench.table);
  auto other = asleep("b");
  other->directory = "/";
  CHECK(!bench.table.apply(g, configured({asleep("a"), other, asleep("c")})));
  CHECK(!bench.table.apply(g, configured({asleep("a")})));
  auto kind = std::make_shared<config::GroupConfig>(*before);
  kind->kind = config::GroupConfig::Kind::EventListener;
  CHECK(!bench.table.apply(g, kind));
  CHECK(g.configPtr() == before);
  CHECK(namesOf(g) == Names{"a", "b"});
  CHECK(listener.heard.empty());
  REQUIRE(g.find("b")->stop());
  bench.until(*g.find("b"), ProcessState::Stopped);
  CHECK(bench.table.apply(g, configured({asleep("a"), other, asleep("c")})));
  CHECK(listener.heard == "changed g; removed b; ");
  g.find("a")->killNow();
  bench.until(*g.find("a"), ProcessState::Exited);
}

TEST_CASE("a program that was added at run time stays, or becomes the configured one") {
  Bench bench;
  auto& g = bench.add("g", {asleep("a")});
  g.add(asleep("x"));
  g.add(asleep("y"));
  auto* const y = g.find("y");
  REQUIRE(bench.table.apply(g, configured({asleep("y"), asleep("a")})));
  CHECK(namesOf(g) == Names{"y", "a", "x"});
  CHECK(g.find("y") == y);
  CHECK(!y->isAdded());
  CHECK(g.find("x")->isAdded());
}

TEST_CASE("another number of processes touches no other program, and is the configuration from then on") {
  using Origin = process::Process::Origin;
  Bench bench;
  auto& g = bench.add("g", {asleep("a"), asleep("b"), asleep("z")});
  auto *const a = g.find("a"), *const b = g.find("b");
  a->start();
  const auto* const config = &a->config();
  // b contains the number of processes, as its command may.
  auto other = asleep("b");
  other->command += " # 3";
  const auto c = asleep("c");
  const auto three = configured({asleep("a"), other, c, asleep("z")});
  ChangeListener listener(bench.table);
  const auto added = bench.table.rescale(g, *three, {c});
  CHECK(added == std::vector{g.find("c")});
  CHECK(listener.heard == "changed g; ");
  CHECK(namesOf(g) == Names{"a", "b", "c", "z"});
  CHECK(g.find("a") == a);
  CHECK(&a->config() == config);
  CHECK(g.find("b") == b);
  CHECK(b->origin() == Origin::Outdated);
  CHECK(g.find("c")->origin() == Origin::Group);
  CHECK(g.config().processes[0].get() == config);
  CHECK(*g.config().processes[1] == *other);
  CHECK(bench.table.find("g") == &g);
  // Another change of the group brings b what it lacks, and treats c as the others.
  auto live = asleep("c");
  live->stopSignal = SIGINT;
  const auto next = configured({asleep("a"), other, live, asleep("z")});
  const auto change = g.changeTo(*next);
  REQUIRE(change.programs.size() == 2);
  CHECK(change.programs[0].name == "b");
  CHECK(change.programs[0].kind == config::ProgramChange::Kind::Restarted);
  CHECK(change.programs[1].name == "c");
  CHECK(change.programs[1].kind == config::ProgramChange::Kind::Live);
  REQUIRE(bench.table.apply(g, next));
  CHECK(g.find("b")->origin() == Origin::Group);
  // Fewer: those that are too many stay until somebody removes them, which an update does.
  CHECK(bench.table.rescale(g, *configured({asleep("a"), asleep("z")}), {}).empty());
  CHECK(namesOf(g) == Names{"a", "z", "b", "c"});
  CHECK(g.find("c")->origin() == Origin::Outdated);
  CHECK(g.asItRuns().processes.size() == 2);
  REQUIRE(bench.table.apply(g, configured({asleep("a"), asleep("z")})));
  CHECK(namesOf(g) == Names{"a", "z"});
  a->killNow();
  bench.until(*a, ProcessState::Exited);
}

TEST_CASE("what was added by name stays so when numbers change, unless it is the very process") {
  using Origin = process::Process::Origin;
  Bench bench;
  auto& g = bench.add("g", {asleep("a")});
  auto own = asleep("b");
  own->directory = "/";
  g.add(own);
  g.add(asleep("c"));
  g.add(asleep("d"));
  CHECK(bench.table.rescale(g, *configured({asleep("a"), asleep("b"), asleep("c")}), {asleep("b")}).empty());
  CHECK(g.find("b")->origin() == Origin::Added);
  CHECK(g.find("c")->origin() == Origin::Group);
  CHECK(g.find("d")->origin() == Origin::Added);
}

TEST_CASE("numbers that scale has given are a part of the configuration of a group, and go over with it") {
  Succession succession;
  auto& g = succession.now().add("g", {asleep("a"), asleep("b")});
  auto other = asleep("b");
  other->directory = "/";
  auto now = std::make_shared<config::GroupConfig>(*configured({asleep("a"), other, asleep("c")}));
  now->scales.push_back({"p", 3, 2});
  (void)succession.now().table.rescale(g, *now, {now->processes[2]});
  g.add(asleep("added"));
  succession.handOver();
  using Origin = process::Process::Origin;
  const auto& after = *succession.now().table.find("g");
  CHECK(namesOf(after) == Names{"a", "b", "c", "added"});
  CHECK(after.config().scales == now->scales);
  CHECK(after.find("a")->origin() == Origin::Group);
  CHECK(after.find("b")->origin() == Origin::Outdated);
  CHECK(after.find("b")->config().directory.empty());
  CHECK(after.find("c")->origin() == Origin::Group);
  CHECK(after.find("added")->origin() == Origin::Added);
  // A number of the file, which the processes as they run do not show.
  auto file = std::make_shared<config::GroupConfig>(after.config());
  file->scales.front().numprocs = 1;
  const auto change = after.changeTo(*file);
  CHECK(change.keys == Names{"numprocs"});
  CHECK(change.programs.size() == 1);
  CHECK_FALSE(change.whole);
}

TEST_CASE("autostart of a change starts what it has made, and nothing else") {
  Bench bench;
  Programs programs{asleep("a"), asleep("b"), asleep("c")};
  for (const auto& program : programs) program->autoStart = true;
  auto& g = bench.add("g", programs);
  auto changed = std::make_shared<config::ProcessConfig>(*programs[1]);
  changed->directory = "/";
  auto fresh = asleep("d");
  fresh->autoStart = true;
  const auto now = configured({programs[0], changed, programs[2], fresh, asleep("manual")});
  const auto change = g.changeTo(*now);
  REQUIRE(bench.table.apply(g, now));
  bench.table.autostart(g, change);
  for (const auto& program : g.processes())
    CHECK((program->pid() != 0) == (program->name() == "b" || program->name() == "d"));
  for (const char* const name : {"b", "d"}) g.find(name)->killNow();
  bench.until([&] { return g.stopped(); });
}

TEST_CASE("a changed priority moves the group") {
  Bench bench;
  bench.add("first", {asleep("a")}, 1);
  auto& g = bench.add("g", {asleep("b")}, 2);
  bench.add("last", {asleep("c")}, 3);
  const auto order = [&] {
    std::string names;
    for (const auto& one : bench.table.groups()) names += one->name() + " ";
    return names;
  };
  REQUIRE(bench.table.apply(g, configured({asleep("b")}, 9)));
  CHECK(order() == "first last g ");
  REQUIRE(bench.table.apply(g, configured({asleep("b")}, 0)));
  CHECK(order() == "g first last ");
  CHECK(bench.table.find("g") == &g);
}

TEST_CASE("after a handover programs are in the order of the configuration") {
  Succession succession;
  auto& g = succession.now().add("g", {asleep("a"), asleep("b")});
  auto changed = asleep("a");
  changed->directory = "/";
  REQUIRE(succession.now().table.apply(g, configured({changed, asleep("b")})));
  g.add(asleep("added"));
  CHECK(g.find("a")->number() > g.find("b")->number());
  succession.handOver();
  CHECK(namesOf(*succession.now().table.find("g")) == Names{"a", "b", "added"});
  CHECK(succession.program("g", "a").config().directory == "/");
}
