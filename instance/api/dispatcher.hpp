// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "instance/api/method_table.hpp"
#include "lib/xmlrpc/reader.hpp"

namespace api {

/// The answer to one request: a methodResponse with status 200, or an empty text with status 400 (the request is no
/// XML-RPC) or 500 (the method broke).
struct Answer {
  int status = 200;
  std::string xml;
};
using AnswerTo = std::function<void(Answer answer)>;

/// From the text of a request to the text of its answer.
class Dispatcher {
 public:
  /// `table` must outlive the calls.
  explicit Dispatcher(const MethodTable& table, const xmlrpc::Limits& limits = {}) : table_(table), limits_(limits) {}

  /// `answer` is called once: before this returns, or later from the loop.
  void run(std::string_view xml, AnswerTo answer) const;

 private:
  const MethodTable& table_;
  xmlrpc::Limits limits_;
};

}  // namespace api
