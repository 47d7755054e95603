// SPDX-License-Identifier: MIT
#include "instance/process/attendants.hpp"

#include "instance/config/model.hpp"
#include "instance/process/process.hpp"

namespace process {

std::unique_ptr<Attendants> makeAttendants(ProcessContext& /*context*/, Process& program) {
  if (!program.config().extension.given()) return nullptr;
  auto made = std::make_unique<Attendants>();
  return made->all.empty() ? nullptr : std::move(made);
}

}  // namespace process
