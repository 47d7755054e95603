// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "instance/output/rotating_file.hpp"
#include "instance/output/stream_target.hpp"
#include "lib/core/log.hpp"
#include "lib/core/result.hpp"

namespace output {

/// The log of supervisord itself: a rotating file, or the system log if it is called "syslog".
class ActivityLog final : public logging::LineSink {
 public:
  ActivityLog(core::EventLoop& loop, const std::string& path, std::int64_t maxBytes, int backups);

  core::Status open();
  void writeLine(logging::Level level, std::string_view line) noexcept override;
  /// The file; nullptr if the lines go to the system log.
  [[nodiscard]] RotatingFile* file() noexcept { return file_.get(); }

 private:
  std::unique_ptr<RotatingFile> file_;
};

/// Echoes the lines to standard output without ever waiting for its reader.
class StdoutEcho final : public logging::LineSink {
 public:
  explicit StdoutEcho(core::EventLoop& loop);
  void writeLine(logging::Level level, std::string_view line) noexcept override;

 private:
  StreamTarget target_;
};

}  // namespace output
