// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "instance/process/readiness.hpp"
#include "lib/core/unique_fd.hpp"

namespace process {

/// ready=file:PATH: the file is there, and it is not as it was before the start. Its directory is watched, or as long
/// as there is none the nearest one above it that there is.
class FileReadiness final : public Readiness {
 public:
  FileReadiness(ProcessContext& context, Process& program);

  core::Status beforeSpawn(LaunchExtras& extras) override;
  void adopt(state::Incoming& incoming) noexcept override;
  void onSpawned() noexcept override;

 private:
  /// What tells a file from the one that was there before; all 0: there is none.
  struct Mark {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t changed = 0;
    bool operator==(const Mark&) const = default;
  };
  [[nodiscard]] static Mark markOf(const std::string& path) noexcept;
  void beginLate() override;
  core::Status openWatch();
  void onEvents();
  void watchDirectory();
  void look() override;
  void stop() noexcept override;
  void saveSigns(state::Readiness& saved, state::Outgoing& outgoing) const override;
  void restoreSigns(const state::Readiness& saved, state::Incoming& incoming) override;

  std::string path_;
  std::string watched_;  ///< the directory
  int watchNumber_ = -1;
  Mark before_;
  core::UniqueFd inotify_;
  core::IoWatch watch_;
};

}  // namespace process
