// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "lib/core/expansion.hpp"
#include "lib/dialect/activation.hpp"
#include "lib/dialect/around.hpp"
#include "lib/dialect/control_group.hpp"
#include "lib/dialect/dependence.hpp"
#include "lib/dialect/health.hpp"
#include "lib/dialect/lifetime.hpp"
#include "lib/dialect/limits.hpp"
#include "lib/dialect/readiness.hpp"
#include "lib/dialect/reloading.hpp"
#include "lib/dialect/scheduling.hpp"
#include "lib/dialect/stopping.hpp"
#include "lib/dialect/surroundings.hpp"
#include "lib/dialect/watching.hpp"
#include "lib/lifecycle/pacing.hpp"

namespace config {

class SectionReader;
struct ProcessConfig;

/// The keys of a program that Supervisor does not have. Few programs use them: a ProcessConfig holds them behind one
/// pointer. Each topic has a struct, and a reader of its keys in a file of its own.
struct Extension {
  lifecycle::Pacing pacing;  ///< see pacing.hpp
  Stopping stopping;
  Around around;
  Reloading reloading;
  Dependences dependences;  ///< see dependence.hpp
  Readiness readiness;
  Health health;
  Surroundings surroundings;
  Limits limits;
  Scheduling scheduling;
  Lifetime lifetime;
  Activation activation;
  Watching watching;
  ControlGroup controlGroup;
  bool startAsLast = false;  ///< autostart=last; not among those given, since autostart is Supervisor's
  /// The keys that were given, in the order of the schema, with their expanded texts: for getAllConfigInfo and for
  /// differences.
  std::vector<std::pair<std::string, std::string>> given;

  bool operator==(const Extension&) const = default;
};

/// Whether the section has such a key, so that readExtension() has something to read.
[[nodiscard]] bool hasExtension(const SectionReader& in);
/// Reads the keys for one process, whose other keys have been read, with `onDemand` autostart=ondemand among them. A
/// failure is stored in `in`.
[[nodiscard]] Extension readExtension(SectionReader& in, const core::Names& names, const ProcessConfig& process,
                                      const SocketSections& sockets, bool onDemand);

}  // namespace config
