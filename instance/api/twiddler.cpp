// SPDX-License-Identifier: MIT
#include "instance/api/twiddler.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "instance/api/method.hpp"
#include "instance/config/load.hpp"
#include "instance/config/model.hpp"
#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "instance/process/table.hpp"
#include "lib/core/log.hpp"
#include "lib/core/text.hpp"
#include "lib/dialect/dependence_check.hpp"

namespace api {
namespace {

using xmlrpc::Fault;
using xmlrpc::FaultCode;
using Options = std::vector<std::pair<std::string, std::string>>;

constexpr std::array<std::pair<std::string_view, logging::Level>, 7> kLevels{{
    {"CRIT", logging::Level::Critical},
    {"ERRO", logging::Level::Error},
    {"WARN", logging::Level::Warn},
    {"INFO", logging::Level::Info},
    {"DEBG", logging::Level::Debug},
    {"TRAC", logging::Level::Trace},
    {"BLAT", logging::Level::Blather},
}};

std::optional<logging::Level> levelOf(const xmlrpc::Value& value) {
  const std::string name = value.string() != nullptr ? core::upper(*value.string()) : std::string();
  for (const auto& [word, level] : kLevels)
    if (name == word || (value.integer() != nullptr && *value.integer() == static_cast<int>(level))) return level;
  return std::nullopt;
}

/// An option as it would be written in the file. Numbers and booleans are converted, since clients send them for keys
/// such as numprocs and autostart.
std::optional<std::string> optionText(const xmlrpc::Value& value) {
  if (const auto* text = value.string()) return *text;
  if (const auto* number = value.integer()) return std::to_string(*number);
  if (const auto* flag = value.boolean()) return *flag ? "true" : "false";
  return std::nullopt;
}

Twiddler::Result<Options> optionTexts(const xmlrpc::Struct& options) {
  Options texts;
  for (const auto& [key, value] : options) {
    auto text = optionText(value);
    if (!text) return fail(FaultCode::IncorrectParameters, "the value of option " + key + " must be a string");
    texts.emplace_back(core::lower(key), std::move(*text));
  }
  return texts;
}

/// The first name that the group already has or that occurs twice in `programs`; nullptr if there is none.
const std::string* takenName(const process::Group& group,
                             const std::vector<std::shared_ptr<const config::ProcessConfig>>& programs) {
  std::set<std::string_view> seen;
  for (const auto& program : programs)
    if (!seen.insert(program->name).second || group.find(program->name) != nullptr) return &program->name;
  return nullptr;
}

}  // namespace

Twiddler::Twiddler(process::Table& table, std::function<const config::Configuration&()> base,
                   const config::RpcInterface& interface)
    : table_(table), base_(std::move(base)) {
  for (const auto& [key, value] : interface.options) {
    if (key != "whitelist" || core::trim(value).empty()) continue;
    for (const std::string& name : core::split(value, ',')) whitelist_.emplace_back(core::trim(name));
  }
}

Twiddler::Result<void> Twiddler::admit(std::string_view method) const {
  if (table_.supervisorState() == process::SupervisorState::Shutdown) return fail(FaultCode::ShutdownState);
  if (!whitelist_.empty() && std::find(whitelist_.begin(), whitelist_.end(), method) == whitelist_.end())
    return core::Err{Fault{kNotInWhitelist, "NOT_IN_WHITELIST: " + std::string(method)}};
  return {};
}

std::vector<std::string> Twiddler::groupNames() const {
  std::vector<std::string> names;
  names.reserve(table_.groups().size());
  for (const auto& group : table_.groups()) names.push_back(group->name());
  return names;
}

Twiddler::Result<process::Group*> Twiddler::findGroup(const std::string& name) const {
  if (process::Group* group = table_.find(name)) return group;
  return fail(FaultCode::BadName, "group: " + name);
}

/// Why the dependences of `programs`, which `group` is to get, are refused. `messages` gets what is doubtful about
/// them.
std::optional<std::string> Twiddler::wrongDependence(const process::Group& group, const Programs& programs,
                                                     std::vector<config::Message>& messages) const {
  std::vector<config::Member> members;
  for (const auto& other : table_.groups())
    for (const auto& program : other->processes()) members.push_back({other->name(), &program->config()});
  const auto first = members.size();
  for (const auto& program : programs) members.push_back({group.name(), program.get()});
  // What was wrong before, because groups were removed, does not matter here.
  if (const auto wrong = config::wrongDependence(members, first)) return wrong->reason;
  std::set<std::string> told;  // processes of one program have the same
  for (const auto& doubtful : config::doubtfulDependences(members, first))
    if (told.insert(doubtful.reason).second)
      messages.push_back({logging::Level::Warn, "Option 'depends_on': " + doubtful.reason});
  return std::nullopt;
}

Twiddler::Result<void> Twiddler::addProgram(const std::string& group, const std::string& name,
                                            const xmlrpc::Struct& options) {
  const auto target = findGroup(group);
  if (!target) return core::Err{target.error()};
  const auto texts = optionTexts(options);
  if (!texts) return core::Err{texts.error()};
  std::vector<config::Message> messages;
  const auto programs =
      config::parsePrograms(base_(), name, group, *texts, config::GroupConfig::Kind::Programs, &messages);
  if (!programs) return fail(FaultCode::IncorrectParameters, programs.error().text);
  // Before the first one is added: all of numprocs or none.
  if (const std::string* taken = takenName(**target, *programs)) return fail(FaultCode::BadName, *taken);
  if (const auto wrong = wrongDependence(**target, *programs, messages))
    return fail(FaultCode::IncorrectParameters, *wrong + " for option 'depends_on'");
  std::vector<process::Process*> added;
  added.reserve(programs->size());
  for (const auto& program : *programs)
    if (auto* const one = (*target)->add(program)) added.push_back(one);
  for (const auto& message : messages) logging::write(message.level, message.text);
  for (auto* const one : added)
    if (one->startsByItself() && table_.supervisorState() == process::SupervisorState::Running)
      one->startAutomatically();
  return {};
}

Twiddler::Result<void> Twiddler::removeProcess(const std::string& group, const std::string& process) {
  const auto target = findGroup(group);
  if (!target) return core::Err{target.error()};
  process::Process* program = (*target)->find(process);
  if (program == nullptr) return fail(FaultCode::BadName, process);
  if (program->pid() != 0 || !lifecycle::isStopped(program->state())) return fail(FaultCode::StillRunning, process);
  (*target)->remove(*program);
  return {};
}

Twiddler::Result<void> Twiddler::log(std::string_view message, const xmlrpc::Value& level) const {
  const auto known = levelOf(level);
  if (!known) return fail(FaultCode::IncorrectParameters);
  logging::write(*known, message);
  return {};
}

}  // namespace api
