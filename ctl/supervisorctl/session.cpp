// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/session.hpp"

#include <utility>

#include "ctl/supervisorctl/failure_text.hpp"
#include "ctl/supervisorctl/rights.hpp"
#include "lib/xmlrpc/client.hpp"

namespace ctl {
namespace {

constexpr std::string_view kApiVersion = "3.0";

}  // namespace

Session::Session(SessionSettings initial) : settings(std::move(initial)) {}
Session::~Session() = default;

/// actAsOwner() chose the account at the start. A socket that another account has created since then is treated as
/// missing.
Answer<void> Session::mayConnect() const {
  if (settings.trust || !leadsToOthers(settings.serverUrl)) return {};
  xmlrpc::ClientError gone;
  gone.kind = xmlrpc::ClientError::Kind::NoFile;
  return core::Err{toFailure(gone)};
}

Answer<xmlrpc::Endpoint> Session::endpoint() const {
  const std::string& url = settings.serverUrl;
  if (!url.starts_with("http://") && !url.starts_with("unix://"))
    return core::Err{badAddress("Unknown protocol for serverurl " + url)};
  if (Answer<void> may = mayConnect(); !may) return core::Err{std::move(may).error()};
  auto parsed = xmlrpc::parseEndpoint(url);
  if (!parsed) return core::Err{badAddress(parsed.error().text)};
  return std::move(parsed).value();
}

xmlrpc::Credentials Session::credentials() const {
  if (!settings.username || !settings.password) return {};
  return {*settings.username, *settings.password};
}

void Session::limitCalls(int milliseconds) noexcept {
  callTimeout_ = milliseconds;
  if (client_) client_->setTimeout(milliseconds);
}

Answer<xmlrpc::Value> Session::call(std::string_view method, const xmlrpc::Array& params) {
  out.flush();
  // Before every call, because the client reconnects by itself.
  if (Answer<void> may = mayConnect(); !may) return core::Err{std::move(may).error()};
  if (!client_) {
    auto target = endpoint();
    if (!target) return core::Err{std::move(target).error()};
    client_ = std::make_unique<xmlrpc::Client>(std::move(target).value(), credentials());
    client_->setTimeout(callTimeout_);
  }
  auto answer = client_->call(method, params);
  if (!answer) return core::Err{toFailure(answer.error())};
  return std::move(answer).value();
}

Answer<std::vector<ProcessInfo>> Session::allProcesses() {
  auto answer = call("supervisor.getAllProcessInfo");
  if (!answer) return core::Err{std::move(answer).error()};
  return toProcessInfos(*answer);
}

Answer<bool> Session::isUp() {
  auto answer = call("supervisor.getVersion");
  if (!answer) {
    const Failure& failure = answer.error();
    if (failure.isFault(xmlrpc::FaultCode::UnknownMethod)) {
      refuse(
          "Sorry, supervisord responded but did not recognize the supervisor namespace commands that supervisorctl "
          "uses to control it.  Please check that the [rpcinterface:supervisor] section is enabled in the "
          "configuration file (see sample.conf).",
          ExitStatus::Unimplemented);
      return false;
    }
    if (failure.kind == Failure::Kind::Refused) {
      refuse(connectionText(failure, settings), ExitStatus::Refused);
      return false;
    }
    if (failure.kind == Failure::Kind::NoFile) {
      refuse(connectionText(failure, settings), ExitStatus::NotRunning);
      return false;
    }
    return core::Err{std::move(answer).error()};
  }
  const std::string* version = answer->string();
  if (version && *version == kApiVersion) return true;
  refuse("Sorry, this version of supervisorctl expects to talk to a server with API version " +
             std::string(kApiVersion) + ", but the remote version is " + (version ? *version : "unknown") + '.',
         ExitStatus::NotInstalled);
  return false;
}

void Session::connectTo(std::string serverUrl) {
  settings.serverUrl = std::move(serverUrl);
  client_.reset();
}

void Session::logIn(std::string username, std::string password) {
  settings.username = std::move(username);
  settings.password = std::move(password);
  client_.reset();
}

void Session::problem(std::string_view text) {
  if (machineOutput)
    printError(text);
  else
    out.lines(text);
}

void Session::refuse(std::string_view text, int status) {
  problem(text);
  exitStatus = status;
}

}  // namespace ctl
