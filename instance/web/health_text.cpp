// SPDX-License-Identifier: MIT
#include "instance/web/health_text.hpp"

#include "instance/process/health.hpp"
#include "instance/process/process.hpp"

namespace web {

std::string healthText(const process::Process& program) {
  const auto* const health = program.health();
  if (health == nullptr) return {};
  std::string text(lifecycle::toText(health->state()));
  if (health->state() == lifecycle::HealthState::Unhealthy) text += ": " + health->lastError();
  return text;
}

std::string descriptionText(const process::Process& program) {
  const auto health = healthText(program);
  return program.description() + (health.empty() ? "" : ", " + health);
}

}  // namespace web
