// SPDX-License-Identifier: MIT
#include "instance/api/system_methods.hpp"

#include <memory>
#include <utility>

#include "instance/api/method_table.hpp"
#include "instance/api/multicall.hpp"
#include "lib/xmlrpc/writer.hpp"

namespace api {
namespace {

using xmlrpc::FaultCode;

MethodResult listMethods(const MethodTable& table) {
  std::string out;
  xmlrpc::Writer writer(out);
  writer.beginArray();
  for (const auto& [name, method] : table.methods())
    if (method.listed) writer.string(name);
  writer.endArray();
  return out;
}

const Method* named(const MethodTable& table, const xmlrpc::Array& params) {
  const std::string* name = params.front().string();
  return name == nullptr ? nullptr : table.find(*name);
}

MethodResult methodHelp(const MethodTable& table, const xmlrpc::Array& params) {
  const Method* method = named(table, params);
  if (method == nullptr) return fail(FaultCode::SignatureUnsupported);
  return textValue(method->help);
}

MethodResult methodSignature(const MethodTable& table, const xmlrpc::Array& params) {
  const Method* method = named(table, params);
  if (method == nullptr) return fail(FaultCode::SignatureUnsupported);
  std::string out;
  xmlrpc::Writer writer(out);
  writer.beginArray();
  for (const std::string_view type : method->signature) writer.string(type);
  writer.endArray();
  return out;
}

}  // namespace

void addSystemMethods(MethodTable& table, core::EventLoop& loop) {
  const MethodTable& all = table;
  // Owned by its handler, so that it lives as long as the method can be called.
  const auto multicall = std::make_shared<Multicall>(table, loop);
  table.add({"system.listMethods",
             {"array"},
             0,
             "Returns the names of all methods.\n\n@return array result  The names, sorted.",
             immediately([&all](const xmlrpc::Array&) { return listMethods(all); })});
  table.add({"system.methodHelp",
             {"string", "string"},
             1,
             "Returns the description of a method.\n\n@param string name  The method, with its namespace.\n"
             "@return string result  Its description.",
             immediately([&all](const xmlrpc::Array& params) { return methodHelp(all, params); })});
  table.add({"system.methodSignature",
             {"array", "string"},
             1,
             "Returns the types of a method.\n\n@param string name  The method, with its namespace.\n"
             "@return array result  The type of its result, then those of its parameters.",
             immediately([&all](const xmlrpc::Array& params) { return methodSignature(all, params); })});
  table.add({"system.multicall",
             {"array", "array"},
             1,
             "Calls several methods in sequence: a call that waits delays those that follow it.\n\n"
             "@param array calls  Structs of methodName and params.\n"
             "@return array result  For each call its bare result, or a struct of faultCode and faultString.",
             [multicall](const xmlrpc::Array& params, core::Completion<MethodResult> done) {
               multicall->run(params, std::move(done));
             }});
}

}  // namespace api
