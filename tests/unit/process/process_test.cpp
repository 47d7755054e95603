// SPDX-License-Identifier: MIT
#include "instance/process/process.hpp"

#include <signal.h>

#include "instance/output/rotating_file.hpp"
#include "tests/unit/process/bench.hpp"

using lifecycle::ProcessState;
using process::Channel;

TEST_CASE("a program's output is in its logs when its exit is reported") {
  Bench b;
  auto& program = b.add(Bench::shell("p", "echo out; echo err >&2; read x; exit 3"));
  std::string atExit;
  b.whenChanged = [&](process::Process& p, const process::StateChange& change) {
    if (change.to == ProcessState::Exited) {
      atExit = Bench::read(p.logPath(Channel::Stdout)) + Bench::read(p.logPath(Channel::Stderr));
      CHECK(change.pid > 0);
      CHECK_FALSE(change.expected);
    }
  };
  CHECK(program.description() == "Not started");
  program.start();
  b.until(program, ProcessState::Running);
  CHECK(program.description().starts_with("pid " + std::to_string(program.pid()) + ", uptime 0:00:"));
  REQUIRE(program.writeStdin("go\n").has_value());
  b.until(program, ProcessState::Exited);
  CHECK(atExit == "out\nerr\n");
  CHECK(program.exitStatus() == 3);
  CHECK(program.pid() == 0);
  CHECK(program.spawnError() == "Bad exit code 3");
  CHECK(b.events == "+p p:STARTING p:RUNNING p:EXITED ");
  CHECK(b.log().find("WARN exited: p (exit status 3; not expected)\n") != std::string::npos);
}

TEST_CASE("large output is complete, with stderr redirected too") {
  Bench b;
  auto config = Bench::shell("p", "head -c 3000000 /dev/zero; echo end >&2");
  config->redirectStderr = true;
  config->out.maxBytes = 0;
  auto& program = b.add(config);
  CHECK(program.logPath(Channel::Stderr).empty());
  program.start();
  b.until(program, ProcessState::Exited);
  const auto text = Bench::read(program.logPath(Channel::Stdout));
  CHECK(text.size() == 3'000'004);
  CHECK(text.ends_with("end\n"));
}

TEST_CASE("a grandchild that keeps the pipe open does not delay the exit") {
  Bench b;
  auto& program = b.add(Bench::shell("p", "echo said; sleep 1000 & echo $! >&2; exit 0"));
  program.start();
  b.until(program, ProcessState::Exited);
  CHECK(Bench::read(program.logPath(Channel::Stdout)) == "said\n");
  ::kill(std::stoi(Bench::read(program.logPath(Channel::Stderr))), SIGKILL);
}

TEST_CASE("a program is stopped by its signal, or killed with its group") {
  Bench b;
  auto& polite = b.add(Bench::shell("polite", "exec sleep 1000"));
  polite.start();
  REQUIRE(polite.stop().has_value());
  CHECK(polite.state() == ProcessState::Stopping);
  polite.start();  // not before it has ended
  CHECK(b.log().find("WARN process 'polite' already running\n") != std::string::npos);
  b.until(polite, ProcessState::Stopped);
  CHECK(polite.exitStatus() == -1);
  CHECK(b.log().find("WARN stopped: polite (terminated by SIGTERM)\n") != std::string::npos);
  CHECK_FALSE(polite.stop().has_value());

  auto config = Bench::shell("stubborn", "trap : TERM; echo ready; while :; do sleep 1000; done");
  config->stopWaitSeconds = 0;
  config->killAsGroup = true;
  auto& stubborn = b.add(config);
  stubborn.start();
  b.until([&] { return Bench::read(stubborn.logPath(Channel::Stdout)) == "ready\n"; });
  const pid_t group = stubborn.pid();
  REQUIRE(stubborn.stop().has_value());
  b.until(stubborn, ProcessState::Stopped);
  b.until([&] { return ::kill(-group, 0) != 0; });  // its sleep was killed too
  CHECK(b.log().find("WARN killing 'stubborn' (" + std::to_string(group) + ") with SIGKILL\n") != std::string::npos);
}

TEST_CASE("a command that does not exist is given up after its retries") {
  Bench b;
  auto config = Bench::shell("p", "");
  config->command = "/no/such";
  config->startRetries = 0;
  auto& program = b.add(config);
  CHECK(program.checkCommand().error().kind == process::CommandError::Kind::NoFile);
  program.start();
  CHECK(program.state() == ProcessState::Fatal);
  CHECK(program.spawnError() == "can't find command '/no/such'");
  CHECK(program.description() == "can't find command '/no/such'");
  CHECK(b.events == "+p p:STARTING p:BACKOFF p:FATAL ");
  CHECK(b.log().find("INFO spawnerr: can't find command '/no/such'\n") != std::string::npos);
  CHECK(b.log().find("INFO gave up: p entered FATAL state, too many start retries too quickly\n") != std::string::npos);
}

TEST_CASE("a log that cannot be opened is a spawn error") {
  Bench b;
  auto config = Bench::shell("p", "exit 0");
  config->err.target = config::LogSettings::Target::File;
  config->err.path = b.directory() + "/missing/err.log";
  config->startRetries = 0;
  auto& program = b.add(config);
  program.start();
  CHECK(program.spawnError().starts_with("unknown error making dispatchers for 'p': ENOENT: stderr log /"));
  CHECK(program.spawnError().ends_with("/missing/err.log: No such file or directory"));
}

TEST_CASE("what cannot become its program reports it on its standard error") {
  Bench b;
  auto config = Bench::shell("p", "exit 0");
  config->directory = "/no/such/directory";
  auto& program = b.add(config);
  program.start();
  b.until(program, ProcessState::Exited);
  CHECK(program.exitStatus() == 127);
  CHECK(Bench::read(program.logPath(Channel::Stderr)) ==
        "supervisor: couldn't chdir to /no/such/directory: ENOENT\nsupervisor: child process was not spawned\n");
}

TEST_CASE("autorestart=true starts again, in a later turn of the loop") {
  Bench b;
  auto config = Bench::shell("p", "exit 0");
  config->autoRestart = config::AutoRestart::Always;
  auto& program = b.add(config);
  int starts = 0;
  b.whenChanged = [&](process::Process& p, const process::StateChange& change) {
    if (change.to == ProcessState::Starting && ++starts == 3) (void)p.stop();
  };
  program.start();
  b.until(program, ProcessState::Stopped);
  CHECK(starts == 3);
}

TEST_CASE("standard input arrives in order, and an unread one is reported") {
  Bench b;
  auto& program = b.add(Bench::shell("p", "exec cat"));
  CHECK(program.writeStdin("x").error() == process::StdinError::NotRunning);
  program.start();
  std::string sent;
  for (int i = 0; i < 200; ++i) {
    const auto chunk = std::string(1000, static_cast<char>('a' + i % 26));
    while (!program.writeStdin(chunk)) b.loop.step(core::seconds(1));  // full: let it be read
    sent += chunk;
  }
  b.until([&] { return Bench::read(program.logPath(Channel::Stdout)).size() == sent.size(); });
  CHECK(Bench::read(program.logPath(Channel::Stdout)) == sent);
  (void)program.stop();
  b.until(program, ProcessState::Stopped);

  auto& deaf = b.add(Bench::shell("deaf", "exec <&-; echo closed; sleep 1000"));
  deaf.start();
  b.until([&] { return Bench::read(deaf.logPath(Channel::Stdout)) == "closed\n"; });
  CHECK(deaf.writeStdin("x").error() == process::StdinError::Closed);
  (void)deaf.stop();
  b.until(deaf, ProcessState::Stopped);
}

TEST_CASE("log events and captured messages reach the observers") {
  Bench b;
  auto config = Bench::shell("p", "printf \"a<!--XSUPERVISOR:BEGIN-->secret<!--XSUPERVISOR:END-->b\"");
  config->out.captureMaxBytes = 100;
  config->err.events = true;
  auto& program = b.add(config);
  program.start();
  b.until(program, ProcessState::Exited);
  CHECK(b.said == "secret");
  CHECK(Bench::read(program.logPath(Channel::Stdout)) == "ab");

  auto noisy = Bench::shell("noisy", "echo late >&2");
  noisy->err.events = true;
  auto& second = b.add(noisy);
  second.start();
  b.until(second, ProcessState::Exited);
  CHECK(b.logged == "stderr:late\n");
}

TEST_CASE("a signal that does not stop leaves the state alone") {
  Bench b;
  auto& program = b.add(Bench::shell("p", "trap \"echo got\" USR1; echo ready; while :; do sleep 0.01; done"));
  CHECK_FALSE(program.signal(SIGUSR1).has_value());
  program.start();
  b.until([&] { return Bench::read(program.logPath(Channel::Stdout)) == "ready\n"; });
  REQUIRE(program.signal(SIGUSR1).has_value());
  b.until([&] { return Bench::read(program.logPath(Channel::Stdout)) == "ready\ngot\n"; });
  b.until(program, ProcessState::Running);
  REQUIRE(program.clearLogs().has_value());
  CHECK(Bench::read(program.logPath(Channel::Stdout)).empty());
  (void)program.stop();
  b.until(program, ProcessState::Stopped);
}
