// SPDX-License-Identifier: MIT
#include "lib/xmlrpc/message.hpp"

#include "lib/xmlrpc/writer.hpp"

namespace xmlrpc {

std::string composeRequest(std::string_view method, const Array& params) {
  std::string out = "<?xml version='1.0'?>\n<methodCall>\n<methodName>";
  out.append(method).append("</methodName>\n<params>\n");
  Writer writer(out);
  for (const Value& param : params) {
    out += "<param>\n";
    writer.value(param);
    out += "\n</param>\n";
  }
  out += "</params>\n</methodCall>\n";
  return out;
}

std::string composeResponse(std::string_view value) {
  constexpr std::string_view head = "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n";
  constexpr std::string_view tail = "\n</param>\n</params>\n</methodResponse>\n";
  std::string out;
  out.reserve(head.size() + value.size() + tail.size());
  return out.append(head).append(value).append(tail);
}

std::string composeFault(const Fault& fault) {
  return "<?xml version='1.0'?>\n<methodResponse>\n<fault>\n" + faultValue(fault) + "\n</fault>\n</methodResponse>\n";
}

std::string faultValue(const Fault& fault) {
  std::string out;
  Writer writer(out);
  writer.beginStruct();
  writer.member("faultCode");
  writer.integer(fault.code);
  writer.member("faultString");
  writer.string(fault.text);
  writer.endStruct();
  return out;
}

}  // namespace xmlrpc
