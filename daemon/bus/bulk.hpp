// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "daemon/bus/authorizer.hpp"
#include "daemon/bus/reply.hpp"
#include "daemon/instances/manager.hpp"

namespace bus {

/// For each name: the name, the D-Bus error ("" where it was done), its message.
using OutcomeList = std::vector<sdbus::Struct<std::string, std::string, std::string>>;

/// One operation on many instances, asked for by one call: each name is authorised by itself, one after the other, some
/// are worked on side by side, and the reply has all outcomes. Lives as long as something of it is under way.
class Bulk : public std::enable_shared_from_this<Bulk> {
 public:
  using Operation = core::Task<instances::OperationResult> (instances::Manager::*)(std::string);
  /// Operations side by side: a call for thousands starts no thousand processes at once.
  static constexpr std::size_t kSideBySide = 32;

  /// `pattern` has what is the same in the requests of all names. `names` are distinct.
  Bulk(core::TaskScope& calls, Authorizer& authorizer, instances::Manager& manager, Operation operation,
       Request pattern, std::vector<std::string> names, std::shared_ptr<Reply<OutcomeList>> reply);
  /// Begins, or goes on.
  void pump();

 private:
  void begin(std::size_t at);
  static core::Task<> work(std::shared_ptr<Bulk> self, std::size_t at);
  void end(std::size_t at, const CallError& error);

  core::TaskScope& calls_;
  Authorizer& authorizer_;
  instances::Manager& manager_;
  Operation operation_;
  Request pattern_;
  std::shared_ptr<Reply<OutcomeList>> reply_;
  OutcomeList outcomes_;
  std::size_t next_ = 0, running_ = 0, ended_ = 0;
  bool authorising_ = false;
  bool holds_ = false;  // a place among the calls that wait
  bool pumping_ = false;
};

}  // namespace bus
