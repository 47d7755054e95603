// SPDX-License-Identifier: MIT
#include "instance/api/dispatcher.hpp"

#include <exception>
#include <utility>

#include "lib/core/log.hpp"
#include "lib/core/text.hpp"
#include "lib/xmlrpc/message.hpp"

namespace api {
namespace {

/// A request as the log shows it. The start of a long one says enough.
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

void Dispatcher::run(std::string_view xml, AnswerTo answer) const {
  auto request = xmlrpc::readRequest(xml, limits_);
  if (!request) {
    const bool nameless = request.error().text == "no method name";
    logging::error("XML-RPC request data {} is invalid: {}", shown(xml),
                   nameless ? request.error().text : "unmarshallable (" + request.error().text + ")");
    return answer({400, {}});
  }
  logging::trace("XML-RPC method called: {}()", request->method);
  try {
    table_.call(request->method, request->params, [answer, method = request->method](MethodResult outcome) {
      logOutcome(method, outcome);
      answer({200, outcome ? xmlrpc::composeResponse(std::move(*outcome)) : xmlrpc::composeFault(outcome.error())});
    });
  } catch (const std::exception& e) {
    logging::critical("Handling XML-RPC request with data {} raised an unexpected exception: {}", shown(xml), e.what());
    answer({500, {}});
  }
}

}  // namespace api
