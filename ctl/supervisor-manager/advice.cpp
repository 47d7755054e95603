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

/// The bus itself refused the message: the texts of dbus-daemon and dbus-broker. The error has the same name when the
/// manager denies the call, and then its text is complete.
bool isFromBusPolicy(std::string_view message) {
  return message.starts_with("Rejected send message") || message.starts_with("Sender is not authorized");
}

bool isAnyOf(std::string_view name, std::initializer_list<std::string_view> candidates) {
  for (const auto candidate : candidates)
    if (name == candidate) return true;
  return false;
}

/// Without the full stop that some senders add: our line may continue after the text.
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
    return {Unreachable, fmt::format("Cannot connect to D-Bus{}: {}. Check that it runs: systemctl status dbus", where,
                                     plain(failure.message))};
  if (isAnyOf(kind, {"NoReply", "Disconnected", "TimedOut", "Timeout"}))
    return {Unreachable,
            fmt::format("Lost the connection to the supervisor manager{} before it answered. The request may or may "
                        "not have been executed. Check the manager: systemctl status supervisor-manager",
                        where)};
  if (kind == "AccessDenied")
    return {Denied, isFromBusPolicy(failure.message)
                        ? fmt::format("The D-Bus policy does not allow this account to send this request to the "
                                      "manager: {}",
                                      plain(failure.message))
                        : plain(failure.message)};
  if (kind == "InteractiveAuthorizationRequired") return {Denied, plain(failure.message)};
  if (isAnyOf(kind, {"UnknownMethod", "UnknownInterface"}))
    return {Failed,
            fmt::format("The running manager{} is older than this command: {}. Restart it as root: systemctl restart "
                        "supervisor-manager",
                        where, plain(failure.message))};
  if (kind == "UnknownObject") return {NoSuchName, "The instance was removed in the meantime"};
  return {Failed, plain(failure.message)};
}

Advice noSuchInstance(const std::string& name, const std::vector<std::string>& known) {
  const std::vector<std::string_view> candidates(known.begin(), known.end());
  const auto near = suggestion(name, candidates);
  if (near) return {NoSuchName, fmt::format("There is no instance '{}'. Did you mean '{}'?", name, *near)};
  if (known.empty())
    return {NoSuchName, fmt::format("There is no instance '{}', and no other one. Declare it in "
                                    "/etc/supervisor-manager/conf.d and run: supervisor-manager reload",
                                    name)};
  if (known.size() > kMostNamed)
    return {NoSuchName, fmt::format("There is no instance '{}'. List all: supervisor-manager list", name)};
  return {NoSuchName, fmt::format("There is no instance '{}'. Existing instances: {}", name, core::join(known, ", "))};
}

}  // namespace manager
