// SPDX-License-Identifier: MIT
#pragma once

#include "lib/core/clock.hpp"
#include "lib/core/expansion.hpp"
#include "lib/lifecycle/run_window.hpp"

namespace config {

class SectionReader;

/// How long a program may live, when it runs, and what its end means.
struct Lifetime {
  bool essential = false;              ///< its final end ends supervisord
  core::milliseconds maxRuntime{0};    ///< then it is stopped; 0: never
  core::milliseconds maxAge{0};        ///< then it is restarted, as planned; 0: never
  core::milliseconds maxAgeJitter{0};  ///< up to which the restart comes later
  lifecycle::RunWindow window;         ///< empty: it always runs
  bool operator==(const Lifetime&) const = default;
  /// Something has to look after the program because of that.
  [[nodiscard]] bool timed() const noexcept { return maxRuntime.count() > 0 || maxAge.count() > 0; }
};

/// Reads essential, max_runtime, max_age, max_age_jitter and run_window.
void readLifetime(SectionReader& in, const core::Names& names, Lifetime& lifetime);

}  // namespace config
