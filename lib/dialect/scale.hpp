// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

/// Numbers of processes that `supervisorctl scale` gives programs, in place of those of the files.
namespace config {

struct ProcessConfig;

/// A number that is asked for.
struct Scale {
  std::string program;  ///< NAME of [program:NAME] or [fcgi-program:NAME]
  int count = 0;
  // What was found. Without a program of that name, `group` stays empty.
  std::string group{};
  std::vector<std::shared_ptr<const ProcessConfig>> processes{};
};

/// A program of a group that has another number of processes than the files say.
struct ScaledProgram {
  bool operator==(const ScaledProgram&) const = default;
  std::string program;  ///< as in Scale
  int count = 0;
  int numprocs = 0;  ///< what the files said when the group got this configuration
};

/// Whether the number still counts when the files say `numprocs`. It does until they say the same, or have been raised
/// above it. `severalPossible`: the section lets its processes have different names.
[[nodiscard]] constexpr bool stillCounts(const ScaledProgram& scaled, int numprocs, bool severalPossible) noexcept {
  if (numprocs == scaled.count || (scaled.count > 1 && !severalPossible)) return false;
  return numprocs <= scaled.numprocs || numprocs <= scaled.count;
}

/// What counts when a configuration is read.
struct Scaling {
  struct InForce {
    std::string group;
    ScaledProgram scaled;
  };
  Scale* asked = nullptr;          ///< borrowed; before what is in force for its program
  std::vector<InForce> inForce{};  ///< of the groups that run
};

}  // namespace config
