// SPDX-License-Identifier: MIT
#include "instance/api/twiddler_methods.hpp"

#include <memory>
#include <string>
#include <utility>

#include "instance/api/arguments.hpp"
#include "instance/api/method_table.hpp"
#include "instance/api/twiddler.hpp"
#include "instance/config/model.hpp"
#include "lib/core/log.hpp"
#include "lib/xmlrpc/writer.hpp"

namespace api {
namespace {

using xmlrpc::Array;
using xmlrpc::FaultCode;

MethodResult trueUnlessFault(const Twiddler::Result<void>& result) {
  if (!result) return core::Err{result.error()};
  return trueValue();
}

MethodResult getGroupNames(const Twiddler& twiddler) {
  std::string out;
  xmlrpc::Writer writer(out);
  writer.beginArray();
  for (const std::string& name : twiddler.groupNames()) writer.string(name);
  writer.endArray();
  return out;
}

MethodResult addProgramToGroup(Twiddler& twiddler, const Array& params) {
  const auto group = textArgument(params[0], "group_name");
  if (!group) return core::Err{group.error()};
  const auto program = textArgument(params[1], "program_name");
  if (!program) return core::Err{program.error()};
  const xmlrpc::Struct* options = params[2].structure();
  if (options == nullptr) return fail(FaultCode::IncorrectParameters, "program_options must be a struct");
  return trueUnlessFault(twiddler.addProgram(*group, *program, *options));
}

MethodResult removeProcessFromGroup(Twiddler& twiddler, const Array& params) {
  const auto group = textArgument(params[0], "group_name");
  if (!group) return core::Err{group.error()};
  const auto process = textArgument(params[1], "process_name");
  if (!process) return core::Err{process.error()};
  return trueUnlessFault(twiddler.removeProcess(*group, *process));
}

MethodResult log(const Twiddler& twiddler, const Array& params) {
  const auto message = textArgument(params[0], "message");
  if (!message) return core::Err{message.error()};
  const xmlrpc::Value info{static_cast<std::int64_t>(logging::Level::Info)};
  return trueUnlessFault(twiddler.log(*message, params.size() > 1 ? params[1] : info));
}

/// Adds the methods of one namespace. Each checks the whitelist first.
class Adder {
 public:
  using Body = MethodResult (*)(Twiddler& twiddler, const Array& params);

  Adder(MethodTable& methods, std::string space, std::shared_ptr<Twiddler> twiddler)
      : methods_(methods), space_(std::move(space)), twiddler_(std::move(twiddler)) {}

  void add(const char* name, std::vector<std::string_view> signature, std::size_t required, std::string_view help,
           Body body) {
    Immediate call = [twiddler = twiddler_, name, body](const Array& params) -> MethodResult {
      if (const auto admitted = twiddler->admit(name); !admitted) return core::Err{admitted.error()};
      return body(*twiddler, params);
    };
    methods_.add({space_ + "." + name, std::move(signature), required, help, immediately(std::move(call))});
  }

 private:
  MethodTable& methods_;
  std::string space_;
  std::shared_ptr<Twiddler> twiddler_;
};

}  // namespace

void addTwiddlerMethods(MethodTable& methods, process::Table& programs,
                        std::function<const config::Configuration&()> base, const config::RpcInterface& interface) {
  Adder to(methods, interface.name, std::make_shared<Twiddler>(programs, std::move(base), interface));
  to.add("getAPIVersion", {"string"}, 0,
         "Returns the version of this interface.\n\n@return string result  The version.",
         [](Twiddler&, const Array&) { return textValue("1.0"); });
  to.add("getGroupNames", {"array"}, 0,
         "Returns the names of the groups.\n\n@return array result  Their names, by priority.",
         [](Twiddler& twiddler, const Array&) { return getGroupNames(twiddler); });
  to.add("addProgramToGroup", {"boolean", "string", "string", "struct"}, 3,
         "Adds a program to a group until the next restart: with numprocs, several processes.\n\n"
         "@param string group_name  The group, which must exist.\n"
         "@param string program_name  The NAME of a section [program:NAME].\n"
         "@param struct program_options  The keys of that section; only command is required.\n"
         "@return boolean result  Always true unless error.",
         addProgramToGroup);
  to.add("removeProcessFromGroup", {"boolean", "string", "string"}, 2,
         "Removes a process that is not running from its group, until the next restart.\n\n"
         "@param string group_name  The group.\n"
         "@param string process_name  The process, without its group.\n"
         "@return boolean result  Always true unless error.",
         removeProcessFromGroup);
  to.add("log", {"boolean", "string", "string"}, 1,
         "Writes a message to the activity log.\n\n"
         "@param string message  The text.\n"
         "@param string level  CRIT, ERRO, WARN, INFO (the default), DEBG, TRAC or BLAT, or its number.\n"
         "@return boolean result  Always true unless error.",
         [](Twiddler& twiddler, const Array& params) { return log(twiddler, params); });
}

}  // namespace api
