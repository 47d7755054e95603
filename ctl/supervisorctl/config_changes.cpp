// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/config_changes.hpp"

#include <algorithm>
#include <iterator>

#include "ctl/supervisorctl/names.hpp"
#include "ctl/supervisorctl/session.hpp"
#include "lib/core/text.hpp"

namespace ctl {
namespace {

std::vector<std::string> textsOf(const xmlrpc::Value& value) {
  std::vector<std::string> texts;
  if (const xmlrpc::Array* array = value.array())
    for (const xmlrpc::Value& item : *array)
      if (const std::string* text = item.string()) texts.push_back(*text);
  return texts;
}

std::vector<std::string> keysOf(const xmlrpc::Value& value, std::string_view member = "keys") {
  const xmlrpc::Value* keys = value.member(member);
  return keys ? textsOf(*keys) : std::vector<std::string>();
}

std::optional<bool> flagOf(const xmlrpc::Value& value, std::string_view member) {
  const xmlrpc::Value* const flag = value.member(member);
  const bool* const set = flag ? flag->boolean() : nullptr;
  return set ? std::optional(*set) : std::nullopt;
}

/// What happens to a program. `replaced`: its group ends as a whole.
std::string_view wordOf(const GroupPlan::Program& program, bool replaced, bool start) {
  const bool live = program.change == "live" && !replaced;
  if (live) return start && program.starts.value_or(false) ? "changed and started" : "changed without a restart";
  if (program.change != "live" && program.change != "restarted") return program.change;
  return start && program.starts.value_or(true) ? "restarted" : "left stopped";
}

/// " (environment; also changed: exitcodes)"
std::string reasonOf(const GroupPlan::Program& program) {
  if (program.causes.empty()) return inBrackets(program.keys);
  std::vector<std::string> others;
  std::copy_if(program.keys.begin(), program.keys.end(), std::back_inserter(others), [&](const std::string& key) {
    return std::find(program.causes.begin(), program.causes.end(), key) == program.causes.end();
  });
  return " (" + core::join(program.causes, ", ") + "; also changed: " + core::join(others, ", ") + ')';
}

}  // namespace

Answer<Changes> reloadConfig(Session& session) {
  auto answer = session.call("supervisor.reloadConfig");
  if (!answer) return core::Err{std::move(answer).error()};
  const xmlrpc::Array* outer = answer->array();
  const xmlrpc::Array* lists = outer && !outer->empty() ? outer->front().array() : nullptr;
  if (!lists || lists->size() < 3) return core::Err{raised("ValueError", "unexpected answer of reloadConfig")};
  return Changes{textsOf((*lists)[0]), textsOf((*lists)[1]), textsOf((*lists)[2])};
}

Answer<void> callGroup(Session& session, std::string_view method, const std::string& group) {
  auto answer = session.call(method, {xmlrpc::Value{group}});
  if (!answer) return core::Err{std::move(answer).error()};
  return {};
}

void showWarnings(Session& session) {
  const auto answer = session.call("supervisor_manager.getConfigWarnings");
  if (!answer) return;
  for (const std::string& warning : textsOf(*answer)) printError("Warning: " + warning);
}

GroupPlan toPlan(const xmlrpc::Value& value) {
  GroupPlan plan{textOf(value, "name"), textOf(value, "change"), keysOf(value), {}, numberOf(value, "kept")};
  const xmlrpc::Value* programs = value.member("programs");
  if (const xmlrpc::Array* array = programs ? programs->array() : nullptr)
    for (const xmlrpc::Value& one : *array)
      plan.programs.push_back({textOf(one, "name"), textOf(one, "change"), keysOf(one), keysOf(one, "causes"),
                               textOf(one, "with"), flagOf(one, "starts")});
  return plan;
}

Answer<std::vector<GroupPlan>> configChanges(Session& session, bool read) {
  auto answer = session.call("supervisor.getConfigChanges", {xmlrpc::Value{read}});
  if (!answer) return core::Err{std::move(answer).error()};
  std::vector<GroupPlan> plans;
  if (const xmlrpc::Array* array = answer->array())
    for (const xmlrpc::Value& one : *array) plans.push_back(toPlan(one));
  return plans;
}

std::string inBrackets(const std::vector<std::string>& keys) {
  return keys.empty() ? std::string() : " (" + core::join(keys, ", ") + ')';
}

void printPrograms(Session& session, const GroupPlan& plan, bool start) {
  for (const GroupPlan::Program& program : plan.programs) {
    const std::string name = "    " + joinName(plan.name, program.name) + ": ";
    if (!program.with.empty()) {
      const std::string also = program.keys.empty() ? "" : "; also changed: " + core::join(program.keys, ", ");
      session.out.line(name + "restarted (" + program.with + " is" + also + ')');
      continue;
    }
    session.out.line(name + std::string(wordOf(program, plan.change == "replaced", start)) + reasonOf(program));
  }
}

void refuseOldServer(Session& session, std::string_view option) {
  session.refuse("ERROR: this supervisord does not have " + std::string(option) + "; it needs a newer supervisord",
                 ExitStatus::Unimplemented);
}

}  // namespace ctl
