// SPDX-License-Identifier: MIT
#include "lib/core/spawn.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/core/unique_fd.hpp"

namespace {

std::string readAll(int fd) {
  std::string out;
  char buffer[4096];
  for (ssize_t n; (n = ::read(fd, buffer, sizeof buffer)) > 0;) out.append(buffer, static_cast<std::size_t>(n));
  return out;
}

/// Runs `spec` with its standard output and error on a pipe; returns what it wrote and its wait status.
std::pair<std::string, int> run(core::SpawnSpec spec) {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  core::UniqueFd reader(ends[0]), writer(ends[1]);
  spec.descriptors = {{writer.get(), 0}, {writer.get(), 1}, {writer.get(), 2}};
  const auto pid = core::spawn(spec);
  REQUIRE(pid.has_value());
  writer.reset();
  auto text = readAll(reader.get());
  int status = 0;
  REQUIRE(::waitpid(*pid, &status, 0) == *pid);
  return {text, status};
}

}  // namespace

TEST_CASE("a child has only the descriptors it was given, default signals and an empty mask") {
  for (const bool shared : {false, true}) {
    core::SpawnSpec spec;
    spec.file = "/bin/sh";
    spec.arguments = {"sh", "-c", "ls /proc/self/fd | wc -l; grep -E 'Sig(Blk|Ign)' /proc/self/status; echo $KEY"};
    spec.environment = {"KEY=value", "PATH=/usr/bin:/bin"};
    spec.shareMemory = shared;
    const auto [text, status] = run(spec);
    // 0, 1, 2 and the directory that ls itself opens
    CHECK(text.substr(0, 2) == "4\n");
    CHECK(text.find("SigBlk:\t0000000000000000") != std::string::npos);
    CHECK(text.find("SigIgn:\t0000000000000000") != std::string::npos);
    CHECK(text.find("value\n") != std::string::npos);
    CHECK(status == 0);
  }
}

TEST_CASE("a step that fails is an error with its errno, and leaves no child") {
  core::SpawnSpec spec;
  spec.file = "/nonexistent";
  spec.arguments = {"x"};
  const auto missing = core::spawn(spec);
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().step == core::SpawnStep::Exec);
  CHECK(missing.error().code == ENOENT);
  spec.file = "/bin/true";
  spec.directory = "/nonexistent";
  const auto directory = core::spawn(spec);
  REQUIRE_FALSE(directory.has_value());
  CHECK(directory.error().step == core::SpawnStep::Directory);
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
}

TEST_CASE("with explainOnStderr the child says Supervisor's words and exits with 127") {
  core::SpawnSpec spec;
  spec.file = "/nonexistent";
  spec.arguments = {"prog"};
  spec.explainOnStderr = true;
  spec.shareMemory = true;
  const auto [text, status] = run(spec);
  CHECK(text == "supervisor: couldn't exec prog: ENOENT\nsupervisor: child process was not spawned\n");
  CHECK(WEXITSTATUS(status) == 127);
}
