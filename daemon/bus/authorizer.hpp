// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/bus/call_limits.hpp"
#include "daemon/bus/errors.hpp"
#include "daemon/bus/policy.hpp"

namespace sdbus {
class IConnection;
class IProxy;
}  // namespace sdbus

namespace bus {

/// What is asked, by whom: the caller is named by the bus, never by the message's text.
struct Request {
  std::string sender;        ///< unique name on the bus
  bool interactive = false;  ///< the caller allows a question to the user
  Verb verb = Verb::Start;
  std::string instance;  ///< empty: the manager itself
  std::string user;      ///< owner of the instance, for polkit's rules; empty: none
  std::optional<uid_t> owner;
};

/// Decides whether a request goes on. Never blocks: the caller's uid and polkit's answer are awaited on the loop.
class Authorizer {
 public:
  /// Exactly once: a ticket that lives as long as the work, or why not.
  using Granted = std::function<void(std::shared_ptr<CallLimits::Ticket>)>;
  using Refused = std::function<void(CallError)>;

  Authorizer(sdbus::IConnection& connection, uid_t managerUid);
  ~Authorizer();

  void check(Request request, Granted granted, Refused refused);

 private:
  struct Pending;
  void withUid(uid_t uid, const std::shared_ptr<Pending>& pending);
  void askPolkit(const std::shared_ptr<Pending>& pending, std::shared_ptr<CallLimits::Ticket> ticket);
  void remember(const std::string& sender, uid_t uid);

  std::unique_ptr<sdbus::IProxy> bus_;
  std::unique_ptr<sdbus::IProxy> polkit_;
  uid_t managerUid_;
  std::shared_ptr<CallLimits> limits_ = std::make_shared<CallLimits>();
  /// A unique name is never given out twice, so an answer stays true; the size is bounded.
  std::unordered_map<std::string, uid_t> uids_;
  std::unordered_map<std::string, std::vector<std::shared_ptr<Pending>>> asking_;
};

}  // namespace bus
