// SPDX-License-Identifier: MIT
#include "daemon/instances/shutdown.hpp"

#include "daemon/instances/fleet.hpp"
#include "daemon/instances/guarded.hpp"

namespace instances {
namespace {

core::Task<> stopOne(Fleet& fleet, std::string name) {
  auto* const runner = fleet.find(name);
  if (runner) (void)co_await runner->stopForNow();
}

}  // namespace

core::Task<> shutDown(Fleet& fleet) {
  const auto batches = fleet.byPriority(fleet.names());
  for (auto batch = batches.rbegin(); batch != batches.rend(); ++batch) {
    core::Join stopping;
    for (const auto& name : batch->second) stopping.run(guarded(name, stopOne(fleet, name)));
    co_await stopping;
  }
}

}  // namespace instances
