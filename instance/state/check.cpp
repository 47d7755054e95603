// SPDX-License-Identifier: MIT
#include "instance/state/check.hpp"

#include <signal.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "instance/state/bounds.hpp"
#include "instance/state/records.hpp"
#include "lib/dialect/possible.hpp"

namespace state {
namespace {

using config::GroupConfig;

core::Err<core::Error> wrong(const std::string& text) {
  return core::Err{core::Error{"the state contradicts itself: " + text}};
}

std::string nameOf(std::string_view group, std::string_view program) {
  return quoted(std::string(group) + ":" + std::string(program));
}

/// What the other parts refer to.
class Checker {
 public:
  explicit Checker(const State& state) : state_(state) {}

  [[nodiscard]] core::Status run();

 private:
  struct Group {
    const GroupConfig* config = nullptr;
    std::unordered_set<std::string_view> configured;  ///< names of the programs in its configuration
    std::unordered_set<std::string_view> programs;    ///< names of those that have a record
  };

  [[nodiscard]] core::Status group(const GroupConfig& group);
  [[nodiscard]] core::Status program(const Program& program);
  [[nodiscard]] core::Status process(const Program& program, const std::string& name);
  [[nodiscard]] core::Status own(pid_t pid, const std::string& who);
  [[nodiscard]] core::Status sharedSocket(const SharedSocket& socket) const;
  [[nodiscard]] core::Status pool(const Pool& pool) const;
  [[nodiscard]] core::Status listener(const Listener& listener) const;
  [[nodiscard]] core::Status delivery(const Delivery& delivery, const std::string& to) const;
  [[nodiscard]] core::Status connection(const Connection& connection) const;
  [[nodiscard]] core::Status descriptor(const Descriptor& descriptor);
  [[nodiscard]] const Group* find(std::string_view name) const;

  template <class List, class Check>
  [[nodiscard]] static core::Status each(const List& list, const Check& check) {
    for (const auto& member : list)
      if (auto good = check(member); !good) return good;
    return {};
  }

  const State& state_;
  std::unordered_map<std::string_view, Group> groups_;
  std::unordered_set<pid_t> pids_;
  std::unordered_set<std::uint64_t> events_;
  std::unordered_set<int> descriptors_;
};

const Checker::Group* Checker::find(std::string_view name) const {
  const auto found = groups_.find(name);
  return found == groups_.end() ? nullptr : &found->second;
}

/// A group's own parts fit together.
core::Status checkProcess(const config::ProcessConfig& process, const GroupConfig& group) {
  const auto name = nameOf(group.name, process.name);
  if (process.socket < -1 || process.socket >= static_cast<int>(group.sockets.size()))
    return wrong("program " + name + " uses socket " + std::to_string(process.socket) + " of a group that has " +
                 std::to_string(group.sockets.size()));
  // Supervisor takes stopsignal=0, which ends nothing: SIGKILL follows after stopwaitsecs.
  if (process.stopSignal < 0 || process.stopSignal > SIGRTMAX)
    return wrong("program " + name + " has stop signal " + std::to_string(process.stopSignal));
  if (!config::isPossible(process.extension->readiness)) return wrong("program " + name + " can never be ready");
  if (const char* const what = config::whatIsImpossible(*process.extension))
    return wrong("program " + name + " has an impossible value of " + what);
  return {};
}

core::Status checkGroup(const GroupConfig& group) {
  for (const auto& socket : group.sockets)
    if ((socket.path.empty() && !config::isPossiblePort(socket.port)) ||
        (socket.backlog && !config::isPossibleBacklog(*socket.backlog)))
      return wrong("group " + quoted(group.name) + " has the impossible socket " + quoted(socket.url));
  for (const auto& scaled : group.scales)
    if (scaled.count < 0 || scaled.count > config::kMostProcesses)
      return wrong("group " + quoted(group.name) + " has " + std::to_string(scaled.count) + " processes of " +
                   quoted(scaled.program));
  for (const auto& process : group.processes)
    if (auto good = checkProcess(*process, group); !good) return good;
  return {};
}

core::Status Checker::group(const GroupConfig& group) {
  const auto [found, isNew] = groups_.try_emplace(group.name);
  if (!isNew) return wrong("group " + quoted(group.name) + " exists twice");
  found->second.config = &group;
  if (group.listener.has_value() != (group.kind == GroupConfig::Kind::EventListener))
    return wrong("group " + quoted(group.name) + " is an event listener by halves");
  for (const auto& process : group.processes) {
    if (!found->second.configured.insert(process->name).second)
      return wrong("program " + nameOf(group.name, process->name) + " is configured twice");
  }
  return checkGroup(group);
}

core::Status Checker::program(const Program& program) {
  const auto name = nameOf(program.group, program.name);
  const auto found = groups_.find(program.group);
  if (found == groups_.end()) return wrong("program " + name + " has no group");
  if (!found->second.programs.insert(program.name).second) return wrong("program " + name + " exists twice");
  if (!program.config && found->second.configured.count(program.name) == 0)
    return wrong("program " + name + " has no configuration");
  if (program.config && program.config->name != program.name)
    return wrong("program " + name + " has the configuration of " + quoted(program.config->name));
  if (program.config)
    if (auto good = checkProcess(*program.config, *found->second.config); !good) return good;
  if (program.number >= state_.daemon.nextNumber)
    return wrong("program " + name + " has number " + std::to_string(program.number) + ", and the next one is " +
                 std::to_string(state_.daemon.nextNumber));
  if (auto good = process(program, name); !good) return good;
  const std::array beside{program.around && program.around->command ? &*program.around->command : nullptr,
                          program.health && program.health->question ? &*program.health->question : nullptr,
                          program.readiness && program.readiness->question ? &*program.readiness->question : nullptr,
                          program.reload ? &*program.reload : nullptr};
  for (const SideCommand* const command : beside)
    if (command)
      if (auto good = own(command->pid, "a command beside program " + name); !good) return good;
  return {};
}

/// A pid of one process, or group, which nothing else has.
core::Status Checker::own(pid_t pid, const std::string& who) {
  if (pid < 0 || pid == 1) return wrong(who + " cannot have process " + std::to_string(pid));
  if (pid != 0 && !pids_.insert(pid).second)
    return wrong("process " + std::to_string(pid) + " belongs to two programs");
  return {};
}

/// Numbers that would signal others than one process, or its group; and filters in no known state.
core::Status Checker::process(const Program& program, const std::string& name) {
  if (auto good = own(program.pid, "program " + name); !good) return good;
  for (const Channel* channel : {&program.out, program.err ? &*program.err : nullptr}) {
    if (!channel) continue;
    if (channel->escape < 0 || channel->escape > 2)
      return wrong("the output of program " + name + " has a filter in state " + std::to_string(channel->escape));
    for (const auto& left : channel->left)
      if (left.pid < 2) return wrong("the output of program " + name + " is from process " + std::to_string(left.pid));
  }
  return {};
}

core::Status Checker::sharedSocket(const SharedSocket& socket) const {
  const Group* const group = find(socket.group);
  if (!group || socket.place >= group->config->sockets.size() || socket.users < 0)
    return wrong("socket " + std::to_string(socket.place) + " of group " + quoted(socket.group) + " does not exist");
  return {};
}

core::Status Checker::delivery(const Delivery& delivery, const std::string& to) const {
  if (events_.count(delivery.serial) > 0) return {};
  return wrong("event " + std::to_string(delivery.serial) + ", which waits for " + to + ", does not exist");
}

core::Status Checker::pool(const Pool& pool) const {
  const Group* const group = find(pool.group);
  const auto name = quoted(pool.group);
  if (!group || !group->config->listener) return wrong("there are events for " + name + ", and it has no listeners");
  return each(pool.queue, [&](const Delivery& waiting) { return delivery(waiting, name); });
}

core::Status Checker::listener(const Listener& listener) const {
  const Group* const group = find(listener.group);
  const auto name = nameOf(listener.group, listener.name);
  if (!group || !group->config->listener || group->programs.count(listener.name) == 0)
    return wrong("event listener " + name + " does not exist");
  constexpr std::array states{10, 20, 30, 40};
  if (std::find(states.begin(), states.end(), listener.protocol) == states.end())
    return wrong("event listener " + name + " is in state " + std::to_string(listener.protocol));
  return listener.current ? delivery(*listener.current, name) : core::Status();
}

core::Status Checker::connection(const Connection& connection) const {
  const auto& servers = state_.configuration.servers;
  if (connection.gate >= servers.size()) return wrong("connection " + quoted(connection.socket) + " has no server");
  // The program of a stream may have been removed: the stream then ends.
  if (connection.stream && connection.stream->offset < 0)
    return wrong("connection " + quoted(connection.socket) + " reads from a negative offset");
  return {};
}

core::Status Checker::descriptor(const Descriptor& descriptor) {
  const auto& name = descriptor.name;
  const bool isPlain = std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c <= '~' && c != ':'; });
  if (name.empty() || !isPlain) return wrong(quoted(name) + " cannot be the name of a descriptor");
  if (descriptor.fd < 0 || !descriptors_.insert(descriptor.fd).second)
    return wrong("descriptor " + quoted(name) + " has number " + std::to_string(descriptor.fd) +
                 (descriptor.fd < 0 ? "" : ", as another one"));
  return {};
}

core::Status Checker::run() {
  const auto& events = state_.events;
  for (const auto& event : events.events) events_.insert(event.serial);
  auto good = each(state_.groups, [this](const auto& shared) { return group(*shared); });
  for (const auto& configured : state_.configured)
    if (good) good = checkGroup(*configured);
  if (good) good = each(state_.programs, [this](const auto& one) { return program(one); });
  if (good) good = each(state_.sharedSockets, [this](const auto& one) { return sharedSocket(one); });
  if (good) good = each(events.pools, [this](const auto& one) { return pool(one); });
  if (good) good = each(events.listeners, [this](const auto& one) { return listener(one); });
  if (good) good = each(state_.connections, [this](const auto& one) { return connection(one); });
  if (good) good = each(state_.descriptors, [this](const auto& one) { return descriptor(one); });
  if (!good) return good;
  for (const auto& server : state_.servers)
    if (server.place >= state_.configuration.servers.size())
      return wrong("socket " + quoted(server.socket) + " has no server in the configuration");
  return {};
}

}  // namespace

core::Status check(const State& state) {
  auto good = Checker(state).run();
  return good ? checkBounds(state) : good;
}

core::Status checkProcesses(const State& state) {
  for (const auto& program : state.programs)
    if (program.pid == 0 && lifecycle::isSignallable(program.machine.state) && !program.machine.preparing)
      return wrong("program " + nameOf(program.group, program.name) + " is " +
                   lifecycle::toText(program.machine.state) + " without a process");
  return {};
}

}  // namespace state
