// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <set>

#include "instance/api/method_table.hpp"

namespace core {
class EventLoop;
}

namespace api {

/// system.multicall: `params` holds one array of {methodName, params}. The calls run in sequence, also those that wait.
///
/// A sequence that takes long returns to the loop between two calls, and one whose answer grows beyond 32 MB ends with
/// a fault: one client can neither block the others nor use up the memory.
class Multicall {
 public:
  /// Both must outlive this. Destroying it drops the calls that have not ended.
  Multicall(const MethodTable& table, core::EventLoop& loop);
  ~Multicall();
  void run(const xmlrpc::Array& params, core::Completion<MethodResult> done);

 private:
  class Sequence;

  const MethodTable& table_;
  core::EventLoop& loop_;
  std::set<std::shared_ptr<Sequence>> running_;
};

}  // namespace api
