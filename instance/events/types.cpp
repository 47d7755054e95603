// SPDX-License-Identifier: MIT
#include "instance/events/types.hpp"

#include <array>

namespace events {
namespace {

struct Row {
  Type type;
  Type parent;
  std::string_view name;
};

constexpr std::array<Row, kTypeCount> kRows{{
    {Type::Event, Type::Event, "EVENT"},
    {Type::ProcessState, Type::Event, "PROCESS_STATE"},
    {Type::ProcessStateStopped, Type::ProcessState, "PROCESS_STATE_STOPPED"},
    {Type::ProcessStateExited, Type::ProcessState, "PROCESS_STATE_EXITED"},
    {Type::ProcessStateStarting, Type::ProcessState, "PROCESS_STATE_STARTING"},
    {Type::ProcessStateStopping, Type::ProcessState, "PROCESS_STATE_STOPPING"},
    {Type::ProcessStateBackoff, Type::ProcessState, "PROCESS_STATE_BACKOFF"},
    {Type::ProcessStateFatal, Type::ProcessState, "PROCESS_STATE_FATAL"},
    {Type::ProcessStateRunning, Type::ProcessState, "PROCESS_STATE_RUNNING"},
    {Type::ProcessStateUnknown, Type::ProcessState, "PROCESS_STATE_UNKNOWN"},
    {Type::ProcessCommunication, Type::Event, "PROCESS_COMMUNICATION"},
    {Type::ProcessCommunicationStdout, Type::ProcessCommunication, "PROCESS_COMMUNICATION_STDOUT"},
    {Type::ProcessCommunicationStderr, Type::ProcessCommunication, "PROCESS_COMMUNICATION_STDERR"},
    {Type::ProcessLog, Type::Event, "PROCESS_LOG"},
    {Type::ProcessLogStdout, Type::ProcessLog, "PROCESS_LOG_STDOUT"},
    {Type::ProcessLogStderr, Type::ProcessLog, "PROCESS_LOG_STDERR"},
    {Type::RemoteCommunication, Type::Event, "REMOTE_COMMUNICATION"},
    {Type::SupervisorStateChange, Type::Event, "SUPERVISOR_STATE_CHANGE"},
    {Type::SupervisorStateChangeRunning, Type::SupervisorStateChange, "SUPERVISOR_STATE_CHANGE_RUNNING"},
    {Type::SupervisorStateChangeStopping, Type::SupervisorStateChange, "SUPERVISOR_STATE_CHANGE_STOPPING"},
    {Type::Tick, Type::Event, "TICK"},
    {Type::Tick5, Type::Tick, "TICK_5"},
    {Type::Tick60, Type::Tick, "TICK_60"},
    {Type::Tick3600, Type::Tick, "TICK_3600"},
    {Type::ProcessGroup, Type::Event, "PROCESS_GROUP"},
    {Type::ProcessGroupAdded, Type::ProcessGroup, "PROCESS_GROUP_ADDED"},
    {Type::ProcessGroupRemoved, Type::ProcessGroup, "PROCESS_GROUP_REMOVED"},
    {Type::ProcessRestartLimit, Type::ProcessRestartLimit, "PROCESS_RESTART_LIMIT"},
    {Type::ProcessHealth, Type::ProcessHealth, "PROCESS_HEALTH"},
}};

constexpr bool indexedByType() {
  for (std::size_t i = 0; i < kRows.size(); ++i)
    if (static_cast<std::size_t>(kRows[i].type) != i || kRows[i].parent > kRows[i].type) return false;
  return true;
}
static_assert(indexedByType(), "the table must follow the enumeration, parents first");

}  // namespace

std::string_view toText(Type type) noexcept { return kRows[static_cast<std::size_t>(type)].name; }

std::optional<Type> typeOf(std::string_view name) noexcept {
  for (const Row& row : kRows)
    if (row.name == name) return row.type;
  return std::nullopt;
}

TypeSet withChildren(Type type) noexcept {
  TypeSet set = bit(type);
  for (const Row& row : kRows)  // parents come first, so that one pass reaches grandchildren
    if ((set & bit(row.parent)) != 0) set |= bit(row.type);
  return set;
}

TypeSet subscription(std::span<const std::string> names) noexcept {
  TypeSet set = 0;
  for (const std::string& name : names)
    if (const auto type = typeOf(name)) set |= withChildren(*type);
  return set;
}

}  // namespace events
