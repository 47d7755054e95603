// SPDX-License-Identifier: MIT
#include "instance/api/method.hpp"

#include <utility>

#include "lib/xmlrpc/writer.hpp"

namespace api {

Handler immediately(Immediate call) {
  return [call = std::move(call)](const xmlrpc::Array& params, core::Completion<MethodResult> done) {
    done(call(params));
  };
}

core::Err<xmlrpc::Fault> fail(xmlrpc::FaultCode code, std::optional<std::string_view> extra) {
  return core::Err{xmlrpc::makeFault(code, extra)};
}

// The most frequent result: a constant instead of a Writer.
MethodResult trueValue() { return std::string("<value><boolean>1</boolean></value>"); }

MethodResult textValue(std::string_view text) {
  std::string out;
  xmlrpc::Writer(out).string(text);
  return out;
}

MethodResult integerValue(std::int64_t number) {
  std::string out;
  xmlrpc::Writer(out).integer(number);
  return out;
}

}  // namespace api
