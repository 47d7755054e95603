// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "lib/core/log_sink.hpp"
#include "lib/core/result.hpp"

namespace config {
enum class Backpressure;
}

namespace output {

class Lane;
class Outlets;
class RotatingFile;

/// The log of supervisord itself: a rotating file, or the system log if it is called "syslog". It never waits
/// for a target that is full: up to 64 KiB of lines are kept, and those that do not fit are lost and counted.
class ActivityLog final : public logging::LineSink {
 public:
  ActivityLog(Outlets& outlets, const std::string& path, std::int64_t maxBytes, int backups);

  ~ActivityLog() override;

  core::Status open();
  void writeLine(logging::Level level, std::string_view line) noexcept override;
  /// The file; nullptr if the lines go to the system log.
  [[nodiscard]] RotatingFile* file() noexcept { return file_.get(); }

 private:
  std::unique_ptr<RotatingFile> file_;
  std::unique_ptr<Lane> systemLog_;
};

/// A lane to our standard output; nullptr if it is closed.
[[nodiscard]] std::unique_ptr<Lane> standardOutput(Outlets& outlets, config::Backpressure policy);

/// Copies the lines to standard output; like the activity log it never waits for the reader.
class StdoutEcho final : public logging::LineSink {
 public:
  explicit StdoutEcho(Outlets& outlets);
  ~StdoutEcho() override;
  void writeLine(logging::Level level, std::string_view line) noexcept override;

 private:
  std::unique_ptr<Lane> lane_;  ///< nullptr: standard output is closed
};

}  // namespace output
