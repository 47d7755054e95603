// SPDX-License-Identifier: MIT
#include "daemon/bus/authorizer.hpp"

#include <fmt/format.h>

#include <map>

#include "dbus/sdbus_compat.hpp"
#include "lib/core/text.hpp"

namespace bus {

namespace {

constexpr std::size_t kRememberedCallers = 512;
constexpr std::uint32_t kAllowUserInteraction = 1;
/// A person may take long over a password: polkit itself ends the question when the caller goes away.
constexpr std::uint64_t kNoTimeLimit = UINT64_MAX;

CallError denied(const Request& request, const std::string& why) {
  const auto& rule = ruleOf(request.verb);
  std::string message = "Not allowed to " + core::replaceAll(std::string(rule.word), "-", " ");
  if (!request.instance.empty()) message += fmt::format(" '{}'", request.instance);
  message += ": this takes root";
  if (rule.ownerMay && request.owner.value_or(0) != 0) message += fmt::format(", its owner '{}'", request.user);
  message += fmt::format(" or polkit's leave for {}{}", rule.action, why);
  return {kAccessDenied, message};
}

}  // namespace

struct Authorizer::Pending {
  Request request;
  Granted granted;
  Refused refused;
};

Authorizer::Authorizer(sdbus::IConnection& connection, uid_t managerUid)
    : bus_(sdbus::createProxy(connection, ServiceName("org.freedesktop.DBus"),
                              sdbus::ObjectPath{"/org/freedesktop/DBus"})),
      polkit_(sdbus::createProxy(connection, ServiceName("org.freedesktop.PolicyKit1"),
                                 sdbus::ObjectPath{"/org/freedesktop/PolicyKit1/Authority"})),
      managerUid_(managerUid) {}

Authorizer::~Authorizer() = default;

void Authorizer::check(Request request, Granted granted, Refused refused) {
  const std::string sender = request.sender;
  auto pending = std::make_shared<Pending>(Pending{std::move(request), std::move(granted), std::move(refused)});
  if (const auto known = uids_.find(sender); known != uids_.end()) return withUid(known->second, pending);
  auto& queue = asking_[sender];
  queue.push_back(std::move(pending));
  if (queue.size() > 1) return;
  bus_->callMethodAsync("GetConnectionUnixUser")
      .onInterface("org.freedesktop.DBus")
      .withArguments(sender)
      .uponReplyInvoke([this, sender](MethodError error, std::uint32_t uid) {
        const auto waiting = std::move(asking_[sender]);
        asking_.erase(sender);
        if (failed(error)) {
          for (const auto& one : waiting) one->refused({kAccessDenied, "The bus does not know who is calling"});
          return;
        }
        remember(sender, uid);
        for (const auto& one : waiting) withUid(uid, one);
      });
}

void Authorizer::remember(const std::string& sender, uid_t uid) {
  if (uids_.size() >= kRememberedCallers) uids_.clear();
  uids_[sender] = uid;
}

void Authorizer::withUid(uid_t uid, const std::shared_ptr<Pending>& pending) {
  auto ticket = CallLimits::enter(limits_, uid);
  if (!ticket)
    return pending->refused({kLimitsExceeded, fmt::format("The account with user id {} has {} calls waiting; wait for "
                                                          "one of them to be answered",
                                                          uid, limits_->waiting(uid))});
  if (decide(pending->request.verb, uid, managerUid_, pending->request.owner) == Decision::Allow)
    return pending->granted(std::move(ticket));
  askPolkit(pending, std::move(ticket));
}

void Authorizer::askPolkit(const std::shared_ptr<Pending>& pending, std::shared_ptr<CallLimits::Ticket> ticket) {
  const Request& request = pending->request;
  const auto& rule = ruleOf(request.verb);
  const sdbus::Struct<std::string, std::map<std::string, sdbus::Variant>> subject{
      std::string("system-bus-name"), std::map<std::string, sdbus::Variant>{{"name", sdbus::Variant(request.sender)}}};
  std::map<std::string, std::string> details{{"verb", std::string(rule.word)}};
  if (!request.instance.empty()) details["instance"] = request.instance;
  if (!request.user.empty()) details["user"] = request.user;
  const std::uint32_t flags = request.interactive ? kAllowUserInteraction : 0;
  polkit_->callMethodAsync("CheckAuthorization")
      .onInterface("org.freedesktop.PolicyKit1.Authority")
      .withTimeout(kNoTimeLimit)
      .withArguments(subject, std::string(rule.action), details, flags, std::string())
      .uponReplyInvoke(
          [pending, ticket = std::move(ticket)](
              MethodError error, const sdbus::Struct<bool, bool, std::map<std::string, std::string>>& answer) {
            const Request& asked = pending->request;
            if (failed(error)) return pending->refused(denied(asked, " (polkit does not answer)"));
            if (std::get<0>(answer)) return pending->granted(ticket);
            if (std::get<1>(answer) && !asked.interactive)
              return pending->refused({kAuthorizationRequired, denied(asked, ", which has to be asked for").message});
            pending->refused(denied(asked, ""));
          });
}

}  // namespace bus
