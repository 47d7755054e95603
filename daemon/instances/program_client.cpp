// SPDX-License-Identifier: MIT
#include "daemon/instances/program_client.hpp"

#include <fmt/core.h>

#include <utility>

#include "lib/core/expansion.hpp"
#include "lib/core/files.hpp"
#include "lib/core/ini.hpp"
#include "lib/core/text.hpp"
#include "lib/xmlrpc/fault.hpp"
#include "lib/xmlrpc/fault_reason.hpp"

namespace instances {
namespace {

using Outcome = ProgramAnswer::Outcome;
using xmlrpc::FaultCode;

/// For the answer about 10,000 programs. The owner decides what is sent, and the helper uses the memory of the
/// manager's control group.
constexpr xmlrpc::Limits kAnswerLimits{8 * 1024 * 1024, 16, 200'000};
constexpr std::size_t kLargestConfig = 4 * 1024 * 1024;

/// The words of supervisorctl for the codes that starting and stopping have; nullptr: it has none.
const char* wordsOf(int code) {
  switch (static_cast<FaultCode>(code)) {
    case FaultCode::BadName: return "no such process";
    case FaultCode::NoFile: return "no such file";
    case FaultCode::NotExecutable: return "file is not executable";
    case FaultCode::AlreadyStarted: return "already started";
    case FaultCode::SpawnError: return "spawn error";
    case FaultCode::AbnormalTermination: return "abnormal termination";
    case FaultCode::NotRunning: return "not running";
    default: return nullptr;
  }
}

std::string textOf(const xmlrpc::Value& structure, std::string_view name) {
  const auto* const member = structure.member(name);
  const auto* const text = member ? member->string() : nullptr;
  return text ? *text : std::string();
}

std::vector<std::string> textsOf(const xmlrpc::Value& value) {
  std::vector<std::string> out;
  if (const auto* const array = value.array())
    for (const auto& item : *array)
      if (const auto* const text = item.string()) out.push_back(*text);
  return out;
}

/// Adds what failed to what failed before.
void add(ProgramAnswer& sum, const ProgramAnswer& one) {
  if (one.ok()) return;
  if (sum.ok()) sum.outcome = one.outcome;
  sum.text += (sum.text.empty() ? "" : " ") + one.text;
}

bool isUnknownMethod(const xmlrpc::ClientError& error) {
  return error.kind == xmlrpc::ClientError::Kind::Fault && error.code == static_cast<int>(FaultCode::UnknownMethod);
}

}  // namespace

ControlAddress controlAddress(const std::string& confFile, const std::string& socket,
                              const std::vector<std::string>& environment) {
  ControlAddress out{"unix://" + socket, {}};
  const auto text = core::readFile(confFile, kLargestConfig);
  if (!text) return out;
  const auto document = core::IniDocument::parse(*text, confFile);
  const auto* const section = document ? document->find("supervisorctl") : nullptr;
  if (!section) return out;
  core::Names names;
  names.set("here", core::directoryOf(confFile));
  for (const auto& line : environment)
    if (const auto equals = line.find('='); equals != std::string::npos)
      names.set("ENV_" + line.substr(0, equals), line.substr(equals + 1));
  const auto take = [&](std::string_view key, std::string& target) {
    const auto* const entry = document->get(*section, key);
    if (!entry) return;
    if (auto value = core::expand(entry->value, names, "supervisorctl." + std::string(key))) target = std::move(*value);
  };
  take("serverurl", out.url);
  take("username", out.credentials.username);
  take("password", out.credentials.password);
  return out;
}

ProgramClient::ProgramClient(const ControlAddress& address) : url_(address.url), client_({}, address.credentials) {
  auto endpoint = xmlrpc::parseEndpoint(address.url);
  if (endpoint)
    client_ = xmlrpc::Client(std::move(*endpoint), address.credentials);
  else
    obstacle_ = endpoint.error().text;
  client_.setAnswerLimits(kAnswerLimits);
}

/// Why a call has no answer, in the words of supervisorctl where it has some.
ProgramAnswer ProgramClient::failed(const xmlrpc::ClientError& error) const {
  using Kind = xmlrpc::ClientError::Kind;
  switch (error.kind) {
    case Kind::Refused: return {Outcome::Unreachable, url_ + " refused connection"};
    case Kind::NoFile: return {Outcome::Unreachable, url_ + " no such file"};
    case Kind::Unauthorized:
      return {Outcome::Unreachable, url_ + " requires a user and a password: set them in [supervisorctl]"};
    case Kind::Fault: return {Outcome::Failed, error.text};
    case Kind::Status:
    case Kind::System:
    case Kind::Protocol: break;
  }
  return {Outcome::Unreachable, error.text};
}

ProgramAnswer ProgramClient::judge(const std::string& name, int code, const std::string& text) const {
  if (code == static_cast<int>(FaultCode::Success)) return {};
  if (code == static_cast<int>(FaultCode::BadName)) return {Outcome::NoSuchProgram, name + ": ERROR (no such process)"};
  const char* const words = wordsOf(code);
  if (!words) return {Outcome::Failed, text};
  const bool start =
      code == static_cast<int>(FaultCode::SpawnError) || code == static_cast<int>(FaultCode::AbnormalTermination);
  const auto reason = start ? xmlrpc::reasonIn(text) : std::string_view();
  return {Outcome::Failed, fmt::format("{}: ERROR ({}){}{}", name, words, reason.empty() ? "" : ": ", reason)};
}

ProgramAnswer ProgramClient::judgeAll(const xmlrpc::Value& results) const {
  ProgramAnswer out;
  const auto* const array = results.array();
  if (!array) return out;
  for (const auto& result : *array) {
    const auto group = textOf(result, "group"), name = textOf(result, "name");
    const auto* const status = result.member("status");
    const auto* const code = status ? status->integer() : nullptr;
    add(out, judge(group == name ? name : group + ':' + name, code ? static_cast<int>(*code) : 0,
                   textOf(result, "description")));
  }
  return out;
}

/// `verb` is "start" or "stop".
ProgramAnswer ProgramClient::act(std::string_view verb, const std::string& name) {
  if (!obstacle_.empty()) return {Outcome::Unreachable, obstacle_};
  const auto colon = name.find(':');
  const bool isGroup = colon != std::string::npos && (colon + 1 == name.size() || name.substr(colon + 1) == "*");
  const auto group = name.substr(0, colon);
  auto answer = name == "all" ? client_.call(fmt::format("supervisor.{}AllProcesses", verb))
                : isGroup     ? client_.call(fmt::format("supervisor.{}ProcessGroup", verb), {xmlrpc::Value{group}})
                              : client_.call(fmt::format("supervisor.{}Process", verb), {xmlrpc::Value{name}});
  if (answer) return name == "all" || isGroup ? judgeAll(*answer) : ProgramAnswer{};
  const auto& error = answer.error();
  if (error.kind != xmlrpc::ClientError::Kind::Fault) return failed(error);
  return judge(isGroup ? group : name, error.code, error.text);
}

ProgramAnswer ProgramClient::control(const std::string& name, ProgramVerb verb) {
  if (verb == ProgramVerb::Start) return act("start", name);
  if (verb == ProgramVerb::Stop) return act("stop", name);
  // A restart starts what did not run, too: only what does not exist ends it here.
  if (auto stopped = act("stop", name); stopped.outcome == Outcome::NoSuchProgram) return stopped;
  return act("start", name);
}

ProgramAnswer ProgramClient::callGroup(std::string_view method, const std::string& group) {
  const auto answer = client_.call(method, {xmlrpc::Value{group}});
  if (answer) return {};
  return failed(answer.error());
}

ProgramAnswer ProgramClient::removeGroup(const std::string& group) {
  const auto results = client_.call("supervisor.stopProcessGroup", {xmlrpc::Value{group}});
  if (!results) return failed(results.error());
  if (const auto* const array = results->array())
    for (const auto& result : *array) {
      const auto* const status = result.member("status");
      if (status && status->integer() && *status->integer() == static_cast<int>(FaultCode::Failed))
        return {Outcome::Failed, group + ": has problems; not removing"};
    }
  return callGroup("supervisor.removeProcessGroup", group);
}

/// What differs is changed, as by supervisorctl update. Supervisor's server can only replace the group.
ProgramAnswer ProgramClient::changeGroup(const std::string& group) {
  const auto answer = client_.call("supervisor.updateProcessGroup", {xmlrpc::Value{group}});
  if (answer) return {};
  if (!isUnknownMethod(answer.error())) return failed(answer.error());
  auto replaced = removeGroup(group);
  if (replaced.ok()) replaced = callGroup("supervisor.addProcessGroup", group);
  return replaced;
}

/// Each group by itself: what fails for one does not keep the others from being changed.
ProgramAnswer ProgramClient::update() {
  if (!obstacle_.empty()) return {Outcome::Unreachable, obstacle_};
  const auto answer = client_.call("supervisor.reloadConfig");
  if (!answer) return failed(answer.error());
  const auto* const outer = answer->array();
  const auto* const lists = outer && !outer->empty() ? outer->front().array() : nullptr;
  if (!lists || lists->size() < 3) return {Outcome::Unreachable, "the answer of reloadConfig cannot be understood"};
  ProgramAnswer out;
  for (const auto& group : textsOf((*lists)[2])) add(out, removeGroup(group));
  for (const auto& group : textsOf((*lists)[1])) add(out, changeGroup(group));
  for (const auto& group : textsOf((*lists)[0])) add(out, callGroup("supervisor.addProcessGroup", group));
  return out;
}

ProgramAnswer ProgramClient::upgrade() {
  if (!obstacle_.empty()) return {Outcome::Unreachable, obstacle_};
  const auto answer = client_.call("supervisor.upgrade");
  if (answer) return {};
  if (!isUnknownMethod(answer.error())) return failed(answer.error());
  return {Outcome::Failed, "the supervisord that runs is too old to be upgraded while its programs run; restart it"};
}

ProgramAnswer ProgramClient::tail(const std::string& name, int bytes) {
  if (!obstacle_.empty()) return {Outcome::Unreachable, obstacle_};
  // What a program writes when it dies is on its standard error; where there is none, or nothing, its output will do.
  for (const auto* const method : {"supervisor.readProcessStderrLog", "supervisor.readProcessStdoutLog"}) {
    const auto answer = client_.call(
        method, {xmlrpc::Value{name}, xmlrpc::Value{std::int64_t{-bytes}}, xmlrpc::Value{std::int64_t{0}}});
    const auto* const text = answer ? answer->string() : nullptr;
    if (text && !core::trim(*text).empty()) return {Outcome::Succeeded, *text};
    if (!answer && answer.error().kind != xmlrpc::ClientError::Kind::Fault) return failed(answer.error());
  }
  return {};
}

}  // namespace instances
