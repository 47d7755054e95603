// SPDX-License-Identifier: MIT
#include "instance/process/program_cgroup.hpp"

#include <fmt/core.h>

#include <exception>
#include <utility>

#include "instance/config/model.hpp"
#include "instance/process/context.hpp"
#include "instance/process/control_groups.hpp"
#include "instance/process/process.hpp"
#include "instance/state/state.hpp"
#include "lib/core/cgroup.hpp"
#include "lib/core/log.hpp"

namespace process {

core::Status ProgramCgroup::beforeSpawn(LaunchExtras& extras) {
  onEnded();
  adopted_ = false;
  memoryKill_.clear();
  const auto& asked = *program_.config().extension;
  const bool limited = asked.controlGroup.any();
  if (!limited && asked.stopping.scope != config::KillScope::Tree) return {};
  auto& groups = context_.controlGroups();
  auto made =
      limited ? groups.make(program_.fullName(), asked.controlGroup) : groups.makeForFamily(program_.fullName());
  if (!made && limited) return core::Err{made.error()};
  if (!made) {  // the mark and /proc will do
    logging::debug("{}: its processes get no control group: {}", program_.fullName(), made.error().text);
    return {};
  }
  context_.touch(program_);
  directory_ = std::move(made->directory);
  name_ = std::move(made->name);
  extras.cgroup = directory_.get();
  return {};
}

void ProgramCgroup::onReaped() noexcept {
  if (!directory_) return;
  logging::attempt([this] {
    const auto counted = kills();
    const auto& limit = program_.config().extension->controlGroup.memoryMax;
    if (counted.all == 0) return;
    memoryKill_ = counted.limit > 0 && limit ? fmt::format("its limit is {} MB (memory_max)", *limit >> 20U)
                                             : context_.takeMemoryKill();
    if (counted.limit > 0) (void)context_.takeMemoryKill();  // counted there, too
    if (memoryKill_.empty()) memoryKill_ = "the host, or a control group above its own, ran out";
  });
}

void ProgramCgroup::onEnded() noexcept {
  if (name_.empty()) return;
  context_.touch(program_);
  context_.controlGroups().remove(directory_.get(), name_);
  directory_.reset();
  name_.clear();
}

ProgramCgroup::Kills ProgramCgroup::kills() const {
  const auto count = [this](const char* what) {
    return core::cgroup::value(directory_.get(), "memory.events", what).value_or(0);
  };
  return {count("oom_kill"), count("oom")};
}

std::string ProgramCgroup::takeMemoryKill() noexcept { return std::exchange(memoryKill_, {}); }

void ProgramCgroup::onReconfigured() { apply(); }

void ProgramCgroup::apply() noexcept {
  if (!directory_) return;
  logging::attempt([this] {
    const auto& limits = program_.config().extension->controlGroup;
    if (auto applied = context_.controlGroups().apply(directory_.get(), limits); !applied)
      logging::error("{}: {}; it keeps running without this limit", program_.fullName(), applied.error().text);
  });
}

void ProgramCgroup::save(state::Program& saved, state::Outgoing& /*outgoing*/) const { saved.controlGroup = name_; }

void ProgramCgroup::restore(const state::Program& saved, state::Incoming& /*incoming*/) {
  if (ControlGroups::isName(saved.controlGroup)) take(saved.controlGroup);
}

/// Its predecessor may have been killed before the group was saved.
void ProgramCgroup::onSpawned() noexcept {
  if (!adopted_ || !name_.empty()) return;
  logging::attempt([this] {
    if (const auto name = context_.controlGroups().nameOf(program_.pid()); !name.empty()) take(name);
  });
}

void ProgramCgroup::take(const std::string& name) {
  directory_ = context_.controlGroups().open(name);
  if (!directory_) return;
  name_ = name;
  if (program_.config().extension->controlGroup.any()) apply();
}

}  // namespace process
