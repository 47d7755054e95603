// SPDX-License-Identifier: MIT
// How a group of programs goes over to another supervisord.
#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "instance/config/model.hpp"
#include "instance/process/context.hpp"
#include "instance/process/fcgi_listener.hpp"
#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "instance/state/descriptors.hpp"
#include "lib/core/log.hpp"

namespace process {

Group::Group(ProcessContext& context, config::GroupPtr config, const SavedPrograms& saved)
    : context_(context), config_(std::move(config)) {
  makeSockets();
  std::unordered_map<std::string_view, std::shared_ptr<const config::ProcessConfig>> configured;
  for (const auto& program : config_->processes) configured.emplace(program->name, program);
  processes_.reserve(saved.size());
  for (const auto* const program : saved) {
    const auto known = configured.find(program->name);
    auto settings = program->config             ? std::make_shared<const config::ProcessConfig>(*program->config)
                    : known != configured.end() ? known->second
                                                : nullptr;
    const bool possible = settings && settings->name == program->name &&
                          settings->socket < static_cast<int>(sockets_.size()) && find(program->name) == nullptr;
    if (possible)  // else restore() fails
      insert(std::make_unique<Process>(context_, *this, std::move(settings), program));
  }
}

void Group::save(state::State& state, state::Outgoing& outgoing, output::Lanes& lanes) const {
  for (const auto& program : processes_) {
    auto& saved = state.programs.emplace_back(program->save(outgoing));
    program->saveLogs(saved, outgoing);
    program->addLanes(lanes);
  }
  saveSockets(state, outgoing);
}

void Group::saveSockets(state::State& state, state::Outgoing& outgoing) const {
  std::uint32_t place = 0;
  for (const auto& socket : sockets_) {
    if (socket.users() > 0)
      state.sharedSockets.push_back({name(), place,
                                     outgoing.add("fcgi." + name() + "." + std::to_string(place), socket.descriptor()),
                                     socket.users()});
    ++place;
  }
}

core::Status Group::restore(const SavedPrograms& saved, state::Incoming& incoming) {
  if (saved.size() != processes_.size())
    return core::Err{
        core::Error{name() + ": the saved state has a program twice, or one without a good configuration"}};
  for (std::size_t i = 0; i < saved.size(); ++i)
    if (auto restored = processes_[i]->restore(*saved[i], incoming); !restored) return restored;
  return {};
}

bool Group::restoreSocket(std::uint32_t place, core::UniqueFd socket, int users) noexcept {
  if (place >= sockets_.size() || users < 0) return false;
  sockets_[place].restore(std::move(socket), users);
  return true;
}

void Group::recoverSockets() {
  for (auto& socket : sockets_) {
    if (socket.descriptor() >= 0) continue;
    const auto users = std::count_if(processes_.begin(), processes_.end(), [&](const auto& program) {
      return program->pid() != 0 && socketFor(program->config()) == &socket;
    });
    socket.restore({}, static_cast<int>(users));
    recover(socket);
  }
}

void Group::recover(FcgiListener& socket) {
  if (!socket.lost()) return;
  std::string why = "they have ended";
  for (const auto& program : processes_) {
    if (program->pid() == 0 || socketFor(program->config()) != &socket) continue;
    const auto taken = socket.takeFrom(program->pid());
    if (taken) return;
    why = fmt::format("process {}: {}", program->pid(), taken.error().text);
  }
  logging::warn("{}: its FastCGI socket could not be taken from the processes of before the crash ({}); {}", name(),
                why, socket.consequence());
}

}  // namespace process
