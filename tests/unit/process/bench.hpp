// SPDX-License-Identifier: MIT
#pragma once

#include <doctest/doctest.h>
#include <signal.h>
#include <stdlib.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>

#include "instance/config/model.hpp"
#include "instance/output/outlets.hpp"
#include "instance/process/group.hpp"
#include "instance/process/observer.hpp"
#include "instance/process/process.hpp"
#include "instance/process/table.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/log_sink.hpp"

/// A table in a directory of its own, an observer that writes everything down, and the activity log as text.
class Bench : public process::Observer {
 public:
  Bench()
      : directory_(makeDirectory()),
        outlets(loop),
        table(loop, outlets, {"test", directory_, "unix:///x.sock", false}) {
    ::signal(SIGPIPE, SIG_IGN);  // as supervisord does
    logging::setSinks({log_});
    table.subscribe(*this);
    table.onDown([this] { down = true; });
  }
  ~Bench() override {
    for (const auto& group : table.groups())
      for (const auto& program : group->processes())
        if (program->pid() > 1) ::kill(-program->pid(), SIGKILL);
    logging::setSinks({});
    (void)!::system(("rm -rf " + directory_).c_str());
  }

  /// A program `sh -c SCRIPT` that is not started by itself and needs no time to count as started.
  static std::shared_ptr<config::ProcessConfig> shell(const std::string& name, const std::string& script) {
    auto made = std::make_shared<config::ProcessConfig>();
    made->name = name;
    made->command = "/bin/sh -c '" + script + "'";
    made->startSeconds = 0;
    made->autoStart = false;
    made->autoRestart = config::AutoRestart::Never;
    return made;
  }
  process::Group& add(const std::string& name, std::vector<std::shared_ptr<config::ProcessConfig>> programs,
                      int priority = 999) {
    auto made = std::make_shared<config::GroupConfig>();
    made->name = name;
    made->priority = priority;
    made->processes.assign(programs.begin(), programs.end());
    return **table.add(made);
  }
  process::Process& add(std::shared_ptr<config::ProcessConfig> program) {
    return *add(program->name, {program}).processes().front();
  }

  /// Runs the loop until `condition` holds.
  void until(const std::function<bool()>& condition) {
    const auto limit = core::Clock::now() + core::seconds(30);
    while (!condition()) {
      REQUIRE(core::Clock::now() < limit);
      loop.step(core::seconds(1));
    }
  }
  void until(process::Process& program, lifecycle::ProcessState state) {
    until([&] { return program.state() == state; });
  }

  void onStateChange(process::Process& program, const process::StateChange& change) override {
    events += program.name() + ":" + lifecycle::toText(change.to) + " ";
    if (whenChanged) whenChanged(program, change);
  }
  void onLog(process::Process&, process::Channel channel, pid_t, std::string_view bytes) override {
    logged += std::string(toText(channel)) + ":" + std::string(bytes);
  }
  void onCommunication(process::Process&, process::Channel, pid_t pid, std::string_view bytes) override {
    said += bytes;
    saidBy += std::to_string(pid) + " ";
  }
  void onGroupAdded(process::Group& group) override { events += "+" + group.name() + " "; }
  void onGroupRemoved(process::Group& group) override { events += "-" + group.name() + " "; }
  void onProcessRemoved(process::Process& program) override { events += "-:" + program.name() + " "; }
  void onSupervisorState(process::SupervisorState supervisorState) override {
    events += std::string(toText(supervisorState)) + " ";
  }

  [[nodiscard]] const std::string& log() const { return log_->text; }
  [[nodiscard]] const std::string& directory() const { return directory_; }
  [[nodiscard]] static std::string read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  struct Lines final : logging::LineSink {
    void writeLine(logging::Level, std::string_view line) noexcept override { text += line; }
    std::string text;
  };
  static std::string makeDirectory() {
    char name[] = "/tmp/process-test-XXXXXX";
    return ::mkdtemp(name);
  }
  std::shared_ptr<Lines> log_ = std::make_shared<Lines>();
  std::string directory_;

 public:
  core::EventLoop loop;
  output::Outlets outlets;
  process::Table table;
  std::string events, logged, said, saidBy;
  std::function<void(process::Process&, const process::StateChange&)> whenChanged;
  bool down = false;
};
