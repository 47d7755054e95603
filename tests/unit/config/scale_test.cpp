// SPDX-License-Identifier: MIT
// Another number of processes of a program: for one reading, or kept in an included file.
#include "lib/dialect/scale.hpp"
#include "instance/config/difference.hpp"
#include "instance/config/scale_file.hpp"
#include "tests/unit/config/scratch.hpp"

namespace {

constexpr const char* kWeb =
    "[program:web]\ncommand=cat\nnumprocs=2\nprocess_name=%(program_name)s_%(process_num)d\n"
    "[program:db]\ncommand=cat\n[group:g]\nprograms=web,db\n";

std::size_t processesOf(const core::Expected<config::Configuration>& loaded) {
  REQUIRE_MESSAGE(loaded, (loaded ? "" : loaded.error().text));
  return loaded->groups.at(0)->processes.size();
}

config::CommandLine lineFor(Scratch& scratch, const std::string& text) {
  const auto line = config::parseCommandLine({"supervisord", "-c", scratch.file("root.conf", text)});
  REQUIRE(line);
  return *line;
}

}  // namespace

TEST_CASE("a configuration is read with another number of processes of one program") {
  Scratch scratch;
  const auto line = lineFor(scratch, std::string("[supervisord]\n") + kWeb);
  config::Scale scale{"web", 3};
  CHECK(processesOf(config::load(line, config::Unreadable::Refused, {&scale})) == 4);
  CHECK(scale.group == "g");
  REQUIRE(scale.processes.size() == 3);
  CHECK(scale.processes[2]->name == "web_2");
  config::Scale none{"nothing", 3};
  CHECK(processesOf(config::load(line, config::Unreadable::Refused, {&none})) == 3);
  CHECK(none.group.empty());
  config::Scale several{"db", 2};
  const auto refused = config::load(line, config::Unreadable::Refused, {&several});
  REQUIRE_FALSE(refused);
  CHECK(scratch.withoutPath(refused.error().text) ==
        "%(process_num) must be present within process_name for 2 processes for key 'process_name' in section "
        "'program:db' (file: 'DIR/root.conf', line 6)");
  config::Scale many{"web", 100'001};
  const auto refusedToo = config::load(line, config::Unreadable::Refused, {&many});
  REQUIRE_FALSE(refusedToo);
  CHECK(scratch.withoutPath(refusedToo.error().text) ==
        "100001 is more than 100000 processes in section 'program:web' (file: 'DIR/root.conf', line 2)");
}

TEST_CASE("a number that scale has given counts until the files say the same, or raise theirs above it") {
  struct Row {
    int count, before, now;
    bool counts;
  };
  for (const auto& row : std::initializer_list<Row>{
           {4, 2, 2, true},
           {4, 2, 3, true},
           {4, 2, 1, true},
           {4, 2, 4, false},
           {4, 2, 5, false},
           {1, 4, 4, true},
           {1, 4, 3, true},
           {1, 4, 1, false},
           {1, 4, 5, false},
           {1, 2, 3, false},
           {0, 2, 2, true},
           {0, 2, 0, false},
       }) {
    CAPTURE(row.count);
    CAPTURE(row.before);
    CAPTURE(row.now);
    CHECK(config::stillCounts({"web", row.count, row.before}, row.now, true) == row.counts);
    CHECK(config::stillCounts({"web", row.count, row.before}, row.now, false) == (row.counts && row.count <= 1));
  }
}

TEST_CASE("numbers that are in force count for the programs of their group, and are found again") {
  using InForce = config::Scaling::InForce;
  Scratch scratch;
  const auto line = lineFor(scratch, std::string("[supervisord]\n") + kWeb);
  const auto load = [&](const config::Scaling& scaling) {
    auto loaded = config::load(line, config::Unreadable::Refused, scaling);
    REQUIRE(loaded);
    return *loaded->groups.at(0);
  };
  const InForce four{"g", {"web", 4, 2}};
  const auto scaled = load({nullptr, {four}});
  CHECK(scaled.processes.size() == 5);
  CHECK(scaled.scales == std::vector{four.scaled});
  CHECK_FALSE(config::sameGroup(scaled, load({})));
  CHECK(config::sameGroup(scaled, load({nullptr, {four}})));
  // Of another group, of no program, and of one that can only have one process.
  const auto plain = load({nullptr, {{"web", {"web", 4, 2}}, {"g", {"gone", 3, 1}}, {"g", {"db", 3, 1}}}});
  CHECK(config::sameGroup(plain, load({})));
  CHECK(plain.scales.empty());
  // What is asked for counts more. The number of the files is none that only scale has given.
  config::Scale one{"web", 1}, two{"web", 2};
  CHECK(load({&one, {four}}).scales == std::vector{config::ScaledProgram{"web", 1, 2}});
  CHECK(config::sameGroup(load({&two, {four}}), load({})));
}

TEST_CASE("[scale:x] counts instead of numprocs, wherever it is") {
  Scratch scratch;
  CHECK(processesOf(scratch.load(std::string("[scale:web]\nnumprocs=5\n") + kWeb)) == 6);
  CHECK(processesOf(scratch.load(std::string(kWeb) + "[scale:web]\nnumprocs=0\n")) == 1);
  CHECK(scratch.refusal(std::string(kWeb) + "[scale:web]\nnumprocs=-1\n") ==
        "-1 is not a number of processes for key 'numprocs' in section 'scale:web' (file: 'DIR/root.conf', line 12)");
  CHECK(scratch.refusal(std::string(kWeb) + "[scale:web]\nnumprocs=100001\n") ==
        "100001 is more than 100000 processes for key 'numprocs' in section 'scale:web' (file: 'DIR/root.conf', line "
        "12)");
  CHECK(scratch.refusal(std::string(kWeb) + "[scale:db]\nnumprocs=2\n") ==
        "%(process_num) must be present within process_name for 2 processes for key 'process_name' in section "
        "'program:db' (file: 'DIR/root.conf', line 7)");
  CHECK(scratch.refusal(std::string(kWeb) + "[scale:web]\nnumprocs=many\n").find("line 12") != std::string::npos);
  const auto loaded = scratch.load("[scale:gone]\nnumprocs=2\n");
  REQUIRE(loaded);
  CHECK(says(*loaded, "There is no program 'gone' to scale in section 'scale:gone'"));
}

TEST_CASE("the file for saved numbers is one that [include] reads") {
  Scratch scratch;
  scratch.directory("d");
  const auto path = [&](const std::string& files) {
    const auto found = config::scaleFile(lineFor(scratch, "[supervisord]\n" + files));
    return found ? scratch.withoutPath(*found) : scratch.withoutPath(found.error().text);
  };
  CHECK(path("[include]\nfiles=one.ini none/*.ini d/*.conf\n") == "DIR/d/scale.conf");
  CHECK(path("[include]\nfiles=%(here)s/d/x-*-y.ini\n") == "DIR/d/x-scale-y.ini");
  CHECK(path("[include]\nfiles=d/[ab]*.ini */x.ini\n").find("there is no directory to save it in: DIR/root.conf") == 0);
  CHECK(path("").find("there is no directory to save it in") == 0);
}

TEST_CASE("a number is saved without changing anything else") {
  const auto first = config::withScale("", "web", 3);
  CHECK(first.starts_with("; Written by \"supervisorctl scale --save\""));
  CHECK(first.ends_with("[scale:web]\nnumprocs=3\n"));
  const std::string edited =
      "; mine\n\n[scale:a]\nnumprocs = 1 ; one\n; more\n[scale:web]\n# no number\n[x]\nnumprocs=9";
  CHECK(config::withScale(edited, "a", 7) ==
        "; mine\n\n[scale:a]\nnumprocs=7\n; more\n[scale:web]\n# no number\n[x]\nnumprocs=9\n");
  CHECK(config::withScale(edited, "web", 7) == edited + "\n[scale:web]\nnumprocs=7\n");
  CHECK(config::withScale(first, "web", 3) == first);
}
