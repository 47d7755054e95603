// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/instances/entry_applier.hpp"
#include "daemon/instances/manager.hpp"

namespace entries {
struct Loaded;
}

namespace instances {

/// Reads all entries again and applies them, all instances side by side; or returns what that would do.
class Reload {
 public:
  explicit Reload(Fleet& fleet) noexcept : fleet_(fleet), applier_(fleet) {}
  /// To be awaited once, while this object lives.
  core::Task<Answer<ReloadReport>> run(bool dryRun);

 private:
  void beginPlan(entries::Loaded& loaded, core::Join& join);
  void beginApply(entries::Loaded& loaded, core::Join& join);
  [[nodiscard]] std::vector<std::string> vanished(const entries::Loaded& loaded) const;
  core::Task<> collect(core::Task<Change> work);

  Fleet& fleet_;
  EntryApplier applier_;
  ReloadReport report_;
};

}  // namespace instances
