// SPDX-License-Identifier: MIT
#include "daemon/bus/authorizer.hpp"

#include <fmt/format.h>

#include <map>

#include "daemon/bus/completing.hpp"
#include "dbus/sdbus_compat.hpp"
#include "lib/core/text.hpp"

namespace bus {

namespace {

constexpr std::size_t kRememberedCallers = 512;
constexpr std::uint32_t kAllowUserInteraction = 1;
/// A person may take long to type a password. polkit itself cancels the question when the caller disconnects.
constexpr std::uint64_t kNoTimeLimit = UINT64_MAX;

/// polkit's answer: whether it is allowed, whether it would be after a question to the user, details.
using Verdict = sdbus::Struct<bool, bool, std::map<std::string, std::string>>;

CallError denied(const Request& request, const std::string& why) {
  const auto& rule = ruleOf(request.verb);
  std::string message = "Not allowed to " + core::replaceAll(std::string(rule.word), "-", " ");
  if (!request.instance.empty()) message += fmt::format(" '{}'", request.instance);
  message += ": requires root";
  if (rule.ownerMay && request.owner.value_or(0) != 0) message += fmt::format(", its owner '{}'", request.user);
  message += fmt::format(" or polkit authorization for {}{}", rule.action, why);
  return {kAccessDenied, message};
}

CallError tooManyCalls(uid_t uid, std::size_t waiting) {
  return {kLimitsExceeded,
          fmt::format("The account with user id {} has {} calls waiting; wait for one of them to be answered", uid,
                      waiting)};
}

}  // namespace

Authorizer::Authorizer(sdbus::IConnection& connection, uid_t managerUid)
    : bus_(sdbus::createProxy(connection, ServiceName("org.freedesktop.DBus"),
                              sdbus::ObjectPath{"/org/freedesktop/DBus"})),
      polkit_(sdbus::createProxy(connection, ServiceName("org.freedesktop.PolicyKit1"),
                                 sdbus::ObjectPath{"/org/freedesktop/PolicyKit1/Authority"})),
      managerUid_(managerUid) {}

Authorizer::~Authorizer() = default;

core::Task<CallResult<Place>> Authorizer::check(Request request) {
  const Uid uid = co_await uidOf(request.caller.sender);
  if (!uid)
    co_return core::Err{CallError{kAccessDenied, "The D-Bus daemon does not know the caller: it has disconnected"}};
  auto place = request.place;
  if (!place) place = CallLimits::enter(limits_, *uid);
  if (!place) co_return core::Err{tooManyCalls(*uid, limits_->waiting(*uid))};
  if (decide(request.verb, *uid, managerUid_, request.owner) == Decision::Allow) co_return place;
  auto asked = askPolkit(std::move(request));
  auto allowed = co_await asked;
  if (!allowed) co_return core::Err{std::move(allowed).error()};
  co_return place;
}

core::Task<Authorizer::Uid> Authorizer::uidOf(std::string sender) {
  if (const auto known = uids_.find(sender); known != uids_.end()) co_return known->second;
  co_return co_await core::completes<Uid>([&](core::Completion<Uid> done) { askForUid(sender, std::move(done)); });
}

/// One question for all calls of a sender that wait for it: a client that sends thousands of calls before it reads a
/// reply costs the D-Bus daemon one.
void Authorizer::askForUid(const std::string& sender, core::Completion<Uid> done) {
  auto& waiting = asking_[sender];
  waiting.push_back(std::move(done));
  if (waiting.size() > 1) return;
  try {
    bus_->callMethodAsync("GetConnectionUnixUser")
        .onInterface("org.freedesktop.DBus")
        .withArguments(sender)
        .uponReplyInvoke([this, sender](MethodError error, std::uint32_t uid) {
          answerUid(sender, failed(error) ? std::nullopt : Uid(uid));
        });
  } catch (const std::exception&) {
    asking_.erase(sender);  // or the next call would wait for a question that was never asked
    throw;
  }
}

void Authorizer::answerUid(const std::string& sender, Uid uid) {
  auto node = asking_.extract(sender);
  if (uid) {
    if (uids_.size() >= kRememberedCallers) uids_.clear();
    uids_[sender] = *uid;
  }
  for (auto& done : node.mapped()) done(uid);
}

core::Task<CallResult<>> Authorizer::askPolkit(Request request) {
  const auto& rule = ruleOf(request.verb);
  const sdbus::Struct<std::string, std::map<std::string, sdbus::Variant>> subject{
      std::string("system-bus-name"),
      std::map<std::string, sdbus::Variant>{{"name", sdbus::Variant(request.caller.sender)}}};
  std::map<std::string, std::string> details{{"verb", std::string(rule.word)}};
  if (!request.instance.empty()) details["instance"] = request.instance;
  if (!request.user.empty()) details["user"] = request.user;
  const std::uint32_t flags = request.caller.interactive ? kAllowUserInteraction : 0;
  const auto verdict =
      co_await core::completes<std::optional<Verdict>>([&](core::Completion<std::optional<Verdict>> done) {
        polkit_->callMethodAsync("CheckAuthorization")
            .onInterface("org.freedesktop.PolicyKit1.Authority")
            .withTimeout(kNoTimeLimit)
            .withArguments(subject, std::string(rule.action), details, flags, std::string())
            .uponReplyInvoke(completing(std::move(done)));
      });
  if (!verdict) co_return core::Err{denied(request, " (polkit does not answer)")};
  if (std::get<0>(*verdict)) co_return CallResult<>();
  if (std::get<1>(*verdict) && !request.caller.interactive) {
    const std::string why = ", which has to ask the user: allow interactive authorization";
    co_return core::Err{CallError{kAuthorizationRequired, denied(request, why).message}};
  }
  co_return core::Err{denied(request, "")};
}

}  // namespace bus
