// SPDX-License-Identifier: MIT
#include "instance/api/dispatcher.hpp"

#include <exception>
#include <memory>
#include <utility>

#include "lib/core/log.hpp"
#include "lib/core/text.hpp"
#include "lib/xmlrpc/message.hpp"

namespace api {
namespace {

/// A request as text for the log, where the start of a long one is enough.
std::string shown(std::string_view xml) {
  constexpr std::size_t limit = 2000;
  return core::pythonRepr(core::toUtf8(xml.substr(0, limit))) + (xml.size() > limit ? "..." : "");
}

void logOutcome(const std::string& method, const MethodResult& outcome) {
  if (outcome)
    logging::trace("XML-RPC method {}() returned successfully", method);
  else
    logging::trace("XML-RPC method {}() returned fault: [{}] {}", method, outcome.error().code, outcome.error().text);
}

}  // namespace

void Dispatcher::run(std::string_view xml, core::Completion<Answer> answer) const {
  auto request = xmlrpc::readRequest(xml, limits_);
  if (!request) {
    const bool nameless = request.error().text == "no method name";
    logging::error("XML-RPC request data {} is invalid: {}", shown(xml),
                   nameless ? request.error().text : "unmarshallable (" + request.error().text + ")");
    return answer({400, {}});
  }
  logging::trace("XML-RPC method called: {}()", request->method);
  // Shared by the method, which completes the call, and by this function, which answers an exception of the method.
  const auto shared = std::make_shared<core::Completion<Answer>>(std::move(answer));
  core::Completion<MethodResult> done([shared, method = request->method](MethodResult outcome) {
    if (!*shared) return;
    logOutcome(method, outcome);
    (*shared)({200, outcome ? xmlrpc::composeResponse(std::move(*outcome)) : xmlrpc::composeFault(outcome.error())});
  });
  try {
    table_.call(request->method, request->params, done);
  } catch (const std::exception& e) {
    logging::critical("Handling XML-RPC request with data {} raised an unexpected exception: {}", shown(xml), e.what());
    if (*shared) (*shared)({500, {}});
  }
}

}  // namespace api
