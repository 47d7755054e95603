// SPDX-License-Identifier: MIT
#include "instance/process/group.hpp"

#include <algorithm>

#include "instance/config/model.hpp"
#include "instance/process/context.hpp"
#include "instance/process/fcgi_listener.hpp"
#include "instance/process/process.hpp"

namespace process {

Group::Group(ProcessContext& context, config::GroupPtr config) : context_(context), config_(std::move(config)) {
  makeSockets();
  processes_.reserve(config_->processes.size());
  for (const auto& program : config_->processes)
    if (find(program->name) == nullptr) insert(std::make_unique<Process>(context_, *this, program));
}

Group::~Group() = default;

void Group::makeSockets() {
  sockets_.reserve(config_->sockets.size());
  for (const auto& socket : config_->sockets) sockets_.emplace_back(socket);
}

const std::string& Group::name() const noexcept { return config_->name; }

std::vector<Process*>::const_iterator Group::position(std::string_view name) const noexcept {
  return std::lower_bound(byName_.begin(), byName_.end(), name,
                          [](const Process* program, std::string_view other) { return program->name() < other; });
}

Process* Group::find(std::string_view name) const noexcept {
  const auto at = position(name);
  return at != byName_.end() && (*at)->name() == name ? *at : nullptr;
}

std::vector<Process*> Group::byPriority() const {
  std::vector<Process*> programs;
  programs.reserve(processes_.size());
  for (const auto& program : processes_) programs.push_back(program.get());
  std::stable_sort(programs.begin(), programs.end(),
                   [](const Process* a, const Process* b) { return a->config().priority < b->config().priority; });
  return programs;
}

bool Group::stopped() const noexcept {
  return std::all_of(processes_.begin(), processes_.end(),
                     [](const auto& program) { return lifecycle::isStopped(program->state()); });
}

FcgiListener* Group::socketFor(const config::ProcessConfig& program) noexcept {
  return program.socket < 0 ? nullptr : &sockets_[static_cast<std::size_t>(program.socket)];
}

core::Status Group::probeSockets() {
  for (auto& socket : sockets_)
    if (auto works = socket.probe(); !works) return works;
  return {};
}

Process* Group::add(std::shared_ptr<const config::ProcessConfig> program) {
  if (find(program->name) != nullptr) return nullptr;
  Process* const added = insert(std::make_unique<Process>(context_, *this, std::move(program)));
  added->setOrigin(Process::Origin::Added);
  return added;
}

/// The name is not taken.
Process* Group::insert(std::unique_ptr<Process> program) {
  Process* const added = processes_.emplace_back(std::move(program)).get();
  byName_.insert(position(added->name()), added);
  return added;
}

void Group::remove(Process& program) {
  const ProcessContext::Turn turn(context_);
  byName_.erase(position(program.name()));
  const auto at =
      std::find_if(processes_.begin(), processes_.end(), [&](const auto& p) { return p.get() == &program; });
  auto taken = std::move(*at);
  processes_.erase(at);
  taken->retire();
  context_.removed(std::move(taken));
}

}  // namespace process
