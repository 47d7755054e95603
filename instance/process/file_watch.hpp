// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "instance/process/attendants.hpp"
#include "instance/process/path_watcher.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/lifecycle/echo_pace.hpp"
#include "lib/lifecycle/quiet_time.hpp"

namespace config {
struct Watching;
}

namespace process {

/// watch: restarts or reloads a program when a file changes, some quiet time after the last change. What changes before
/// its process is there does not count: that reads the new files. What changes while it is STARTING is followed when it
/// is RUNNING. One that is BACKOFF or FATAL is started. With a program that runs already, it counts from now on.
/// Changes that follow each start, which the program probably makes itself, are reported, and followed in pauses.
class FileWatch final : public Attendant, private PathWatcher::Listener {
 public:
  FileWatch(ProcessContext& context, Process& program);

  core::Status beforeSpawn(LaunchExtras& extras) override;
  void adopt(state::Incoming& incoming) noexcept override;
  void onSpawned() noexcept override;
  void onState(lifecycle::ProcessState to) noexcept override;
  void onReconfigured() override;
  void save(state::Program& saved, state::Outgoing& outgoing) const override;
  void restore(const state::Program& saved, state::Incoming& incoming) override;
  void resume() noexcept override;

 private:
  void changed(std::string_view path) noexcept override;
  [[nodiscard]] const config::Watching& settings() const noexcept;
  [[nodiscard]] bool counts() const noexcept;
  [[nodiscard]] bool isLog(std::string_view path) const;
  [[nodiscard]] bool watchesAsConfigured() const noexcept;
  void attach();
  void compare();
  void takeAsKnown() noexcept;
  void forget() noexcept;
  [[nodiscard]] std::optional<core::Instant> dueAt() const noexcept;
  void due();
  void answer();
  void report(const char* consequence) const noexcept;
  void answered() noexcept;
  void reportEcho() const noexcept;

  ProcessContext& context_;
  Process& program_;
  std::vector<PathWatcher::Watch> watches_;
  std::vector<std::string> paths_;    ///< that are watched
  std::vector<std::string> ignored_;  ///< when these are not
  bool attached_ = false;
  using Marks = std::vector<std::pair<std::string, std::string>>;
  Marks seen_;      ///< paths and marks of a predecessor, until they are compared
  Marks contents_;  ///< the same of what was in the files
  lifecycle::QuietTime quiet_;
  lifecycle::EchoPace pace_;          ///< a successor begins a new one
  std::string last_;                  ///< what has changed last
  std::vector<std::uint64_t> known_;  ///< digests of what has changed
  core::Timer timer_;
};

}  // namespace process
