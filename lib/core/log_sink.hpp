// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "lib/core/log.hpp"

/// Where the lines of the log go. Apart from log.hpp, which every file that logs includes.
namespace logging {

/// Gets finished lines. Must not throw: a log that cannot be written degrades, it never stops the program.
class LineSink {
 public:
  virtual ~LineSink() = default;
  virtual void writeLine(Level level, std::string_view line) noexcept = 0;
};

/// Replaces all sinks. Before the first call lines are dropped.
void setSinks(std::vector<std::shared_ptr<LineSink>> sinks);
/// That of the line being written, or null. For a sink.
[[nodiscard]] const Tagged* lineTag() noexcept;
/// A sink on standard error. If journald reads it, the lines are journal entries with the fields of Tagged.
[[nodiscard]] std::shared_ptr<LineSink> stderrSink();

}  // namespace logging
