// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/core/clock.hpp"
#include "lib/core/expansion.hpp"
#include "lib/core/result.hpp"

namespace config {

class SectionReader;

/// One command that runs before, after or beside a program.
struct AroundCommand {
  std::string line;       ///< with arguments, quoted as `command`
  bool optional = false;  ///< begun with '-': its failure changes nothing
  bool operator==(const AroundCommand&) const = default;
};

/// The commands of one key, which run one after the other.
struct AroundCommands {
  std::vector<AroundCommand> list;
  core::milliseconds limit{30'000};  ///< of each
  bool operator==(const AroundCommands&) const = default;
};

/// The commands around a program.
struct Around {
  AroundCommands startPre;   ///< exec_start_pre
  AroundCommands startPost;  ///< exec_start_post
  AroundCommands stop;       ///< exec_stop
  AroundCommands stopPost;   ///< exec_stop_post

  [[nodiscard]] bool empty() const noexcept {
    return startPre.list.empty() && startPost.list.empty() && stop.list.empty() && stopPost.list.empty();
  }
  bool operator==(const Around&) const = default;
};

/// One command a line; '-' in front of a command makes it optional.
[[nodiscard]] core::Expected<std::vector<AroundCommand>> parseAroundCommands(std::string_view text);
/// Reads exec_start_pre, exec_start_post, exec_stop, exec_stop_post, and their time limits (exec_stop_timeout).
void readAround(SectionReader& in, const core::Names& names, Around& around);

}  // namespace config
