// SPDX-License-Identifier: MIT
#include "instance/process/memory_events.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/unit/process/bench.hpp"

namespace {

/// A tree of control groups that is none, and the file that names ours.
struct Tree {
  Tree() {
    char name[] = "/tmp/memory-events-XXXXXX";
    root = ::mkdtemp(name);
    std::filesystem::create_directories(root + "/a/b");
    own("0::/a/b\n");
  }
  ~Tree() { std::filesystem::remove_all(root); }
  void write(const std::string& file, const std::string& text) const { std::ofstream(root + file) << text; }
  void own(const std::string& text) const { write("/own", text); }
  void kills(int count, const std::string& group = "/a/b") const {
    write(group + "/memory.events", "low 0\noom 9\noom_kill " + std::to_string(count) + "\noom_group_kill 0\n");
  }
  [[nodiscard]] process::MemoryEvents events() const { return process::MemoryEvents(root, root + "/own"); }

  std::string root;
};

}  // namespace

TEST_CASE_FIXTURE(Tree, "a kill because memory ran out is reported with the nearest limit") {
  kills(3);
  write("/a/b/memory.max", "max\n");
  write("/a/memory.max", "100663296\n");
  auto watch = events();
  CHECK(watch.takeKill().empty());  // earlier kills are not reported
  kills(4);
  CHECK(watch.takeKill() == "control group /a has a limit of 96 MB (memory.max)");
  CHECK(watch.takeKill().empty());
  write("/a/b/memory.max", "1048576\n");
  kills(6);
  CHECK(watch.takeKill() == "control group /a/b has a limit of 1 MB (memory.max)");
  CHECK_FALSE(watch.takeKill().empty());  // two together
  CHECK(watch.takeKill().empty());
  write("/a/b/memory.max", "max\n");
  write("/a/memory.max", "max\n");
  kills(7);
  CHECK(watch.takeKill() == "no limit is set, the host ran out");
}

TEST_CASE_FIXTURE(Tree, "with a group of its own, supervisord counts what is killed in that above") {
  std::filesystem::create_directories(root + "/a/supervisord");
  own("0::/a/supervisord\n");
  kills(1, "/a");
  kills(0, "/a/supervisord");
  write("/a/memory.max", "2097152\n");
  auto watch = events();
  kills(2, "/a");
  CHECK(watch.takeKill() == "control group /a has a limit of 2 MB (memory.max)");
  CHECK(watch.takeKill().empty());
}

TEST_CASE_FIXTURE(Tree, "in a container the group is at the mount point") {
  own("0::/system.slice/somewhere\n");
  kills(0, "");
  write("/memory.max", "2097152\n");
  auto watch = events();
  kills(1, "");
  CHECK(watch.takeKill() == "control group / has a limit of 2 MB (memory.max)");
  own("0::/\n");
  kills(2, "");
  CHECK_FALSE(watch.takeKill().empty());
}

TEST_CASE_FIXTURE(Tree, "without control groups nothing is reported") {
  CHECK(events().takeKill().empty());
  own("12:memory:/x\n");
  CHECK(events().takeKill().empty());
  CHECK(process::MemoryEvents(root, root + "/nonexistent").takeKill().empty());
}

TEST_CASE_FIXTURE(Tree, "an end because memory ran out shows in the description of programs with keys of our own") {
  const std::string killed = "killed because memory ran out: control group /a/b has a limit of 2 MB (memory.max)";
  kills(0);
  write("/a/b/memory.max", "2097152\n");
  Bench b;
  b.table.watchMemory(events());
  const auto end = [&](const std::string& name, int count, bool extended) -> process::Process& {
    auto config =
        Bench::shell(name, "echo oom_kill " + std::to_string(count) + " > " + root + "/a/b/memory.events; kill -9 $$");
    config::Extension extension;
    if (extended) extension.given = {{"nice", "0"}};
    config->extension = config::Shared(std::move(extension));
    auto& program = b.add(config);
    program.start();
    b.until(program, lifecycle::ProcessState::Exited);
    return program;
  };
  auto& own = end("own", 1, true);
  CHECK(own.spawnError() == killed);
  CHECK(own.description().ends_with(", " + killed));
  auto& usual = end("usual", 2, false);
  CHECK(usual.spawnError() == "Bad exit code -1");
  CHECK(usual.description().find("memory") == std::string::npos);
  auto& other = end("other", 2, true);  // by another SIGKILL
  CHECK(other.spawnError() == "Bad exit code -1");
  CHECK(b.log().find("own (pid ") != std::string::npos);
  CHECK(b.log().find("usual (pid ") != std::string::npos);
  CHECK(b.log().find("other (pid ") == std::string::npos);
}
