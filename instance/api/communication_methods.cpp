// SPDX-License-Identifier: MIT
#include "instance/api/arguments.hpp"
#include "instance/api/instance.hpp"
#include "instance/api/names.hpp"
#include "instance/api/supervisor_methods.hpp"
#include "instance/events/service.hpp"
#include "instance/process/process.hpp"

namespace api {
namespace {

using process::StdinError;
using xmlrpc::Array;
using xmlrpc::FaultCode;

MethodResult sendProcessStdin(const Instance& instance, const Array& params) {
  // Before the name, as in Supervisor: it decides which fault a client gets if both are wrong.
  const std::string* chars = params[1].string();
  if (chars == nullptr) return fail(FaultCode::IncorrectParameters, scalarText(params[1]));
  const auto name = textArgument(params[0], "name");
  if (!name) return core::Err{name.error()};
  const auto program = findProgram(instance.table, *name);
  if (!program) return core::Err{program.error()};
  const auto written = (*program)->writeStdin(*chars);
  if (written) return trueValue();
  switch (written.error()) {
    case StdinError::NotRunning: return fail(FaultCode::NotRunning, *name);
    case StdinError::Closed: return fail(FaultCode::NoFile, *name);
    case StdinError::Full: break;  // Supervisor would buffer without a limit
  }
  return fail(FaultCode::Failed, *name + " does not read its standard input; nothing was sent");
}

}  // namespace

void addCommunicationMethods(Instance& instance, SupervisorNamespace& names) {
  names.add("sendProcessStdin", {"boolean", "string", "string"}, 2,
            "Writes to the standard input of a process.\n\n@param string name  The process (or 'group:name').\n"
            "@param string chars  What to write, sent as UTF-8.\n@return boolean result  True.",
            immediately([&instance](const Array& params) { return sendProcessStdin(instance, params); }));
  names.addAlways("sendRemoteCommEvent", {"boolean", "string", "string"}, 2,
                  "Sends an event to the listeners of REMOTE_COMMUNICATION.\n\n"
                  "@param string type  The type in the header of the event.\n@param string data  Its body.\n"
                  "@return boolean result  True.",
                  immediately([&instance](const Array& params) {
                    instance.events.remoteCommunication(scalarText(params[0]), scalarText(params[1]));
                    return trueValue();
                  }));
}

}  // namespace api
