// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/bus/call_limits.hpp"
#include "daemon/bus/errors.hpp"
#include "daemon/bus/policy.hpp"
#include "lib/core/task.hpp"

namespace sdbus {
class IConnection;
class IProxy;
}  // namespace sdbus

namespace bus {

/// A call's place among the waiting calls of its account, for as long as its work takes.
using Place = std::shared_ptr<CallLimits::Ticket>;

/// Who called: named by the D-Bus daemon, never by the text of the message.
struct Caller {
  std::string sender;        ///< unique name on the bus
  bool interactive = false;  ///< polkit may ask the user for a password
};

/// What is requested, and by whom.
struct Request {
  Caller caller;
  Verb verb = Verb::Start;
  std::string instance;  ///< empty: the manager itself
  std::string user;      ///< owner of the instance, for polkit's rules; empty: none
  std::optional<uid_t> owner;
  Place place;  ///< what an earlier request of the same call has got; null: this is the first
};

/// Decides whether a request is allowed. Never blocks: the answers of the D-Bus daemon and of polkit are awaited.
class Authorizer {
 public:
  Authorizer(sdbus::IConnection& connection, uid_t managerUid);
  ~Authorizer();

  /// The call's place, or why it is refused. Requests of one sender are decided in the order of their calls, apart from
  /// those that polkit is asked about.
  core::Task<CallResult<Place>> check(Request request);

 private:
  using Uid = std::optional<std::uint32_t>;

  core::Task<Uid> uidOf(std::string sender);
  void askForUid(const std::string& sender, core::Completion<Uid> done);
  void answerUid(const std::string& sender, Uid uid);
  core::Task<CallResult<>> askPolkit(Request request);

  std::unique_ptr<sdbus::IProxy> bus_;
  std::unique_ptr<sdbus::IProxy> polkit_;
  uid_t managerUid_;
  std::shared_ptr<CallLimits> limits_ = std::make_shared<CallLimits>();
  /// The D-Bus daemon never gives out a unique name twice, so an answer stays true; the size is bounded.
  std::unordered_map<std::string, uid_t> uids_;
  /// Those who wait for the uid of a sender, in the order of their calls.
  std::unordered_map<std::string, std::vector<core::Completion<Uid>>> asking_;
};

}  // namespace bus
