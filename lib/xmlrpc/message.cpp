// SPDX-License-Identifier: MIT
#include "lib/xmlrpc/message.hpp"

#include <utility>

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

std::string composeResponse(std::string value) {
  constexpr std::string_view head = "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n";
  constexpr std::string_view tail = "\n</param>\n</params>\n</methodResponse>\n";
  // In place: for the list of a thousand programs, the page faults of a second buffer take longer than moving the text.
  value.reserve(head.size() + value.size() + tail.size());
  return std::move(value.insert(0, head).append(tail));
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
