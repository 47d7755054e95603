// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <string>

#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "lib/core/unique_fd.hpp"
#include "tests/unit/process/bench.hpp"

using lifecycle::ProcessState;

namespace {

/// Programs that log to a pipe of one page, which a first program has filled.
struct FullPipe : Bench {
  FullPipe() {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    reader.reset(ends[0]);
    writer.reset(ends[1]);
    REQUIRE(::fcntl(ends[1], F_SETPIPE_SZ, 4096) == 4096);
    auto& filler = add(logging("filler", "head -c 4500 /dev/zero"));  // in one write, and so in one read
    filler.start();
    until(filler, ProcessState::Exited);
  }
  std::shared_ptr<config::ProcessConfig> logging(const std::string& name, const std::string& script) const {
    auto made = shell(name, script);
    made->out.target = config::LogSettings::Target::File;
    made->out.path = "/dev/fd/" + std::to_string(writer.get());
    return made;
  }
  /// Reads the pipe until `text` has come.
  void readUntil(const std::string& text) {
    until([&] {
      char bytes[4096];
      const ssize_t n = ::read(reader.get(), bytes, sizeof bytes);
      if (n > 0) got.append(bytes, static_cast<std::size_t>(n));
      return got.ends_with(text);
    });
  }
  core::UniqueFd reader, writer;
  std::string got;
};

struct Heard final : process::Protocol {
  void onSpawned() override {}
  void onStdout(std::string_view bytes) override { text += bytes; }
  void onStdinClosed() override {}
  void onExited() override {}
  std::string text;
};

}  // namespace

TEST_CASE("a program can end while its output waits, which is later delivered for the same process") {
  FullPipe b;
  auto config = b.logging("p",
                          "printf \"<!--XSUPERVISOR:BEGIN-->$$ <!--XSUPERVISOR:END-->\"; echo said by $$; "
                          "printf \"open <!--XSUPERVISOR:BEGIN--> end\"");
  config->out.captureMaxBytes = 100;
  auto& program = b.add(config);
  std::string expected;
  for (int run = 0; run < 3; ++run) {
    program.start();
    REQUIRE(program.pid() != 0);
    expected += "said by " + std::to_string(program.pid()) + "\nopen  end";
    b.until(program, ProcessState::Exited);
  }
  CHECK(b.said.empty());
  b.readUntil(expected);
  CHECK(b.got == std::string(4500, '\0') + expected);
  CHECK(b.said == b.saidBy);
  CHECK(b.said.size() > 5);
}

TEST_CASE("waiting output of an ended listener goes to its log, not into the protocol of the next process") {
  FullPipe b;
  auto made = std::make_shared<config::GroupConfig>();
  made->name = "l";
  made->kind = config::GroupConfig::Kind::EventListener;
  made->processes = {b.logging("l", "echo old; read x; echo new; read x")};
  auto& program = *(*b.table.add(made))->processes().front();
  Heard heard;
  program.setProtocol(&heard);
  program.start();
  b.until([&] { return program.writeStdin("\n").has_value(); });
  REQUIRE(program.writeStdin("\n").has_value());
  b.until(program, ProcessState::Exited);
  program.start();
  b.readUntil("old\nnew\nold\n");
  CHECK(heard.text == "old\n");
  REQUIRE(program.writeStdin("\n").has_value());
  b.readUntil("old\nnew\nold\nnew\n");
  CHECK(heard.text == "old\nnew\n");
  REQUIRE(program.writeStdin("\n").has_value());
  b.until(program, ProcessState::Exited);
}

TEST_CASE("the output of a removed program is still written") {
  FullPipe b;
  auto& program = b.add(b.logging("p", "echo said"));
  program.start();
  b.until(program, ProcessState::Exited);
  b.table.remove(program.group());
  b.readUntil("said\n");
}

TEST_CASE("a failed start does not affect the waiting output of an earlier process") {
  FullPipe b;
  auto config = b.logging("p", "echo said");
  config->directory = b.directory();
  auto& program = b.add(config);
  program.start();
  b.until(program, ProcessState::Exited);
  config->command = "/no/such/command";
  program.start();
  CHECK(program.state() == ProcessState::Backoff);
  b.readUntil("said\n");
  CHECK(program.stop().has_value());
}
