// SPDX-License-Identifier: MIT
#include "instance/process/group.hpp"

#include <unistd.h>

#include <algorithm>

#include "instance/process/context.hpp"
#include "instance/process/fcgi_listener.hpp"
#include "instance/process/process.hpp"
#include "lib/core/users.hpp"

namespace process {
namespace {

/// The account of an fcgi-program owns its socket unless the configuration says otherwise.
std::optional<std::pair<uid_t, gid_t>> socketOwner(const config::GroupConfig& config) {
  if (config.processes.empty() || !config.processes.front()->uid) return std::nullopt;
  const auto uid = *config.processes.front()->uid;
  if (uid == ::getuid()) return std::nullopt;
  const auto account = core::findAccount(uid);
  return account ? std::optional(std::pair(uid, account->gid)) : std::nullopt;
}

}  // namespace

Group::Group(Context& context, config::GroupPtr config) : context_(context), config_(std::move(config)) {
  if (config_->socket) socket_ = std::make_unique<FcgiListener>(*config_->socket, socketOwner(*config_));
  processes_.reserve(config_->processes.size());
  for (const auto& program : config_->processes) add(program);
}

Group::~Group() = default;

std::vector<Process*>::const_iterator Group::position(std::string_view name) const noexcept {
  return std::lower_bound(byName_.begin(), byName_.end(), name,
                          [](const Process* program, std::string_view other) { return program->name() < other; });
}

Process* Group::find(std::string_view name) const noexcept {
  const auto at = position(name);
  return at != byName_.end() && (*at)->name() == name ? *at : nullptr;
}

bool Group::stopped() const noexcept {
  return std::all_of(processes_.begin(), processes_.end(),
                     [](const auto& program) { return lifecycle::isStopped(program->state()); });
}

Process* Group::add(std::shared_ptr<const config::ProcessConfig> program) {
  const auto at = position(program->name);
  if (at != byName_.end() && (*at)->name() == program->name) return nullptr;
  Process* const added =
      processes_.emplace_back(std::make_unique<Process>(context_, *this, std::move(program))).get();
  byName_.insert(at, added);
  return added;
}

void Group::remove(Process& program) {
  const Context::Turn turn(context_);
  byName_.erase(position(program.name()));
  const auto at = std::find_if(processes_.begin(), processes_.end(), [&](const auto& p) { return p.get() == &program; });
  auto taken = std::move(*at);
  processes_.erase(at);
  context_.removed(std::move(taken));
}

}  // namespace process
