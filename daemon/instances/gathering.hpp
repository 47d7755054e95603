// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "daemon/instances/fleet.hpp"

namespace instances {

/// Work on several instances at once: who takes part holds a share of it, and when the last share is gone, the report
/// is complete and handed over.
struct Fleet::Gathering {
  Gathering(Fleet& owner, ReloadDone finish) : fleet(owner), alive(owner.alive_), done(std::move(finish)) {}
  ~Gathering() {
    if (alive.expired()) return;
    // A trial runner may be what calls this: it is freed later.
    for (auto& trial : trials) fleet.gone_.push_back(std::move(trial));
    fleet.changes_.schedule();
    done(std::move(report));
  }
  Gathering(const Gathering&) = delete;
  Gathering& operator=(const Gathering&) = delete;

  Change& change(const std::string& instance, Deed deed) {
    for (auto& known : report.changes)
      if (known.name == instance) return known;
    report.changes.push_back({instance, deed});
    return report.changes.back();
  }

  Fleet& fleet;
  std::weak_ptr<bool> alive;
  ReloadReport report;
  std::vector<std::unique_ptr<Runner>> trials;  ///< of entries that are only planned
  ReloadDone done;
};

}  // namespace instances
