// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "instance/api/method_table.hpp"
#include "lib/xmlrpc/reader.hpp"

namespace api {

/// The answer to one request: a methodResponse with status 200, or an empty text with status 400 (the request is not
/// XML-RPC) or 500 (the method threw an exception).
struct Answer {
  int status = 200;
  std::string xml;
};

}  // namespace api

/// A request that cannot even be answered with a fault, for lack of memory.
template <>
struct core::WhenDropped<api::Answer> {
  static api::Answer value() noexcept { return {500, {}}; }
};

namespace api {

/// Turns the text of a request into the text of its answer.
class Dispatcher {
 public:
  /// `table` must outlive the calls.
  explicit Dispatcher(const MethodTable& table, const xmlrpc::Limits& limits = {}) : table_(table), limits_(limits) {}

  /// `answer` takes the answer: before this returns, or later from the loop.
  void run(std::string_view xml, core::Completion<Answer> answer) const;

 private:
  const MethodTable& table_;
  xmlrpc::Limits limits_;
};

}  // namespace api
