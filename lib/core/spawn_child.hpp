// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "lib/core/spawn.hpp"

/// The child's half of spawn.cpp, between fork and exec.
namespace core::spawning {

/// What the child needs, in plain memory: pointers into the spec, made before the fork.
struct Prepared {
  const SpawnSpec& spec;
  std::vector<char*> argv;
  std::vector<char*> envp;
  std::array<char, 64> pidText{};  // "NAME=", and the pid, which the child writes
  std::size_t pidAt = 0;           // 0: there is none
  std::array<char, 16> oomScore{};
  std::size_t oomLength = 0;
  std::vector<int> sources;  // the descriptors to pass on, as numbers in the child before they are arranged
  int report = -1;           // CLOEXEC pipe for the failed step
  unsigned keepBelow = 0;    // the child shares our table of descriptors and leaves it, taking those below along
  bool sharesMemory = false;
  bool joinsGroup = false;  // the child enters its control group itself
  SpawnError failure{};     // set by a child that shares our memory; code 0: nothing failed
};

/// What the child writes to its report pipe: one message before it drops its rights, and one if a step fails.
struct Message {
  bool failed = false;
  SpawnError error;
  std::uint64_t startTime = 0;
};

/// Becomes what `argument`, a Prepared, asks for. System calls only: the child may share its parent's memory. Does not
/// return.
int childMain(void* argument) noexcept;

}  // namespace core::spawning
