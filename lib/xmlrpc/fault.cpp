// SPDX-License-Identifier: MIT
#include "lib/xmlrpc/fault.hpp"

#include <array>
#include <utility>

namespace xmlrpc {
namespace {

constexpr std::array<std::pair<FaultCode, std::string_view>, 18> kNames{{
    {FaultCode::UnknownMethod, "UNKNOWN_METHOD"},
    {FaultCode::IncorrectParameters, "INCORRECT_PARAMETERS"},
    {FaultCode::BadArguments, "BAD_ARGUMENTS"},
    {FaultCode::SignatureUnsupported, "SIGNATURE_UNSUPPORTED"},
    {FaultCode::ShutdownState, "SHUTDOWN_STATE"},
    {FaultCode::BadName, "BAD_NAME"},
    {FaultCode::BadSignal, "BAD_SIGNAL"},
    {FaultCode::NoFile, "NO_FILE"},
    {FaultCode::NotExecutable, "NOT_EXECUTABLE"},
    {FaultCode::Failed, "FAILED"},
    {FaultCode::AbnormalTermination, "ABNORMAL_TERMINATION"},
    {FaultCode::SpawnError, "SPAWN_ERROR"},
    {FaultCode::AlreadyStarted, "ALREADY_STARTED"},
    {FaultCode::NotRunning, "NOT_RUNNING"},
    {FaultCode::Success, "SUCCESS"},
    {FaultCode::AlreadyAdded, "ALREADY_ADDED"},
    {FaultCode::StillRunning, "STILL_RUNNING"},
    {FaultCode::CantReread, "CANT_REREAD"},
}};

}  // namespace

std::string_view faultName(FaultCode code) noexcept {
  for (const auto& [known, name] : kNames)
    if (known == code) return name;
  return "UNKNOWN";
}

Fault makeFault(FaultCode code, std::optional<std::string_view> extra) {
  Fault fault{static_cast<int>(code), std::string(faultName(code))};
  if (extra) fault.text.append(": ").append(*extra);
  return fault;
}

}  // namespace xmlrpc

xmlrpc::Fault core::WhenDropped<xmlrpc::Fault>::value() {
  return xmlrpc::makeFault(xmlrpc::FaultCode::Failed,
                           "supervisord gave the call up before it ended, see its activity log");
}
