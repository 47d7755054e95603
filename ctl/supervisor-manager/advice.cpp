// SPDX-License-Identifier: MIT
#include "ctl/supervisor-manager/advice.hpp"

#include <fmt/format.h>

#include <string_view>

#include "ctl/supervisor-manager/suggestion.hpp"
#include "dbus/names.hpp"
#include "lib/core/text.hpp"

namespace manager {

namespace {

constexpr std::size_t kMostNamed = 10;
constexpr std::string_view kBusErrors = "org.freedesktop.DBus.Error.";

bool isAnyOf(std::string_view name, std::initializer_list<std::string_view> candidates) {
  for (const auto candidate : candidates)
    if (name == candidate) return true;
  return false;
}

/// Without the full stop that some senders put: the text may stand within a line of ours.
std::string plain(std::string message) {
  if (message.ends_with('.')) message.pop_back();
  return message.empty() ? "no reason given" : message;
}

}  // namespace

Advice adviseOn(const Failure& failure, const std::string& host) {
  const std::string_view name = failure.name;
  const std::string where = host.empty() ? "" : " on " + host;
  if (isAnyOf(name, {bus::error::kNoSuchInstance, bus::error::kNoSuchProgram}))
    return {NoSuchName, plain(failure.message)};
  if (name == bus::error::kInstanceNotRunning) return {NotRunning, plain(failure.message)};
  if (!name.starts_with(kBusErrors)) return {Failed, plain(failure.message)};
  const auto kind = name.substr(kBusErrors.size());
  if (isAnyOf(kind, {"ServiceUnknown", "NameHasNoOwner", "Spawn.ChildExited", "Spawn.ServiceNotFound"}))
    return {Unreachable, fmt::format("The supervisor manager is not running{}. Start it as root: systemctl start "
                                     "supervisor-manager",
                                     where)};
  if (isAnyOf(kind, {"NoServer", "FileNotFound"}))
    return {Unreachable, fmt::format("The bus{} cannot be reached: {}. Is D-Bus running (systemctl status dbus)?",
                                     where, plain(failure.message))};
  if (isAnyOf(kind, {"NoReply", "Disconnected", "TimedOut", "Timeout"}))
    return {Unreachable,
            fmt::format("The supervisor manager{} went away before it answered; what was asked may be done "
                        "or not (systemctl status supervisor-manager)",
                        where)};
  if (kind == "AccessDenied")
    return {Denied, failure.message.starts_with("Not allowed")
                        ? failure.message
                        : fmt::format("The bus does not let this account ask the manager for that: {}",
                                      plain(failure.message))};
  if (kind == "InteractiveAuthorizationRequired") return {Denied, plain(failure.message)};
  if (isAnyOf(kind, {"UnknownMethod", "UnknownInterface"}))
    return {Failed, fmt::format("The manager{} is older than this command: {}", where, plain(failure.message))};
  if (kind == "UnknownObject") return {NoSuchName, "The instance went away"};
  return {Failed, plain(failure.message)};
}

Advice noSuchInstance(const std::string& name, const std::vector<std::string>& known) {
  const std::vector<std::string_view> candidates(known.begin(), known.end());
  const auto near = suggestion(name, candidates);
  if (near) return {NoSuchName, fmt::format("There is no instance '{}': is it '{}'?", name, *near)};
  if (known.empty())
    return {NoSuchName, fmt::format("There is no instance '{}', nor any other. Declare one in "
                                    "/etc/supervisor-manager/conf.d and run: supervisor-manager reload",
                                    name)};
  if (known.size() > kMostNamed)
    return {NoSuchName, fmt::format("There is no instance '{}'; those that there are: supervisor-manager list", name)};
  return {NoSuchName, fmt::format("There is no instance '{}'. There are: {}", name, core::join(known, ", "))};
}

}  // namespace manager
