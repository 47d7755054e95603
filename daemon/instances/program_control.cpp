// SPDX-License-Identifier: MIT
#include "daemon/instances/program_control.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "daemon/entries/environment.hpp"
#include "daemon/instances/launch.hpp"
#include "daemon/instances/owner_command.hpp"
#include "lib/core/text.hpp"

namespace instances {
namespace {

/// For longer than any sensible startsecs or stopwaitsecs.
constexpr auto kControlLimit = core::seconds(120);
/// How long an owner's processes may take over the end of a log.
constexpr auto kLogLimit = core::seconds(5);
constexpr std::size_t kLogBytes = 4096;

/// How supervisorctl is run for `entry`.
core::SpawnSpec ctlSpec(const InstanceContext& context, const entries::Entry& entry,
                        const std::vector<std::string>& arguments) {
  core::SpawnSpec spec;
  spec.file = context.places.supervisorctl;
  spec.arguments = {spec.file, "-c", entry.confFile};
  spec.arguments.insert(spec.arguments.end(), arguments.begin(), arguments.end());
  spec.environment = entries::ownerEnvironment(entry);
  if (context.privileged) spec.identity = entry.identity;
  spec.directory.assign(1, '/');
  return spec;
}

/// What supervisorctl says of a restart, but for those that did not run: they are started all the same.
std::string withoutIdle(std::string text) {
  constexpr std::string_view idle = ": ERROR (not running)";
  for (auto at = text.find(idle); at != std::string::npos; at = text.find(idle)) {
    const auto name = at == 0 ? std::string::npos : text.rfind(' ', at - 1);
    const auto from = name == std::string::npos ? 0 : name + 1;
    text.erase(from, at + idle.size() - from);
  }
  return std::string(core::trim(text));
}

core::Task<ProgramAnswer> control(InstanceContext& context, core::SpawnSpec spec, ProgramVerb verb) {
  const auto end = co_await runProgramAsOwner(context, std::move(spec), {}, kControlLimit);
  const auto answer = end.failure.empty() ? oneLine(end.output) : end.failure;
  const auto output = verb == ProgramVerb::Restart ? withoutIdle(answer) : answer;
  if (output.find("no such process") != std::string::npos || output.find("no such group") != std::string::npos)
    co_return ProgramAnswer{ProgramAnswer::Outcome::NoSuchProgram, output};
  // Supervisor 4 before 4.1 answers an error with status 0: its words count too.
  if (!end.ok() || output.find(": ERROR (") != std::string::npos)
    co_return ProgramAnswer{ProgramAnswer::Outcome::Failed, output.empty() ? "supervisorctl failed." : output};
  co_return ProgramAnswer{};
}

core::Task<ProgramAnswer> update(InstanceContext& context, core::SpawnSpec spec) {
  const auto end = co_await runProgramAsOwner(context, std::move(spec), {}, kControlLimit);
  if (end.ok()) co_return ProgramAnswer{};
  co_return ProgramAnswer{ProgramAnswer::Outcome::Failed, end.failure.empty() ? oneLine(end.output) : end.failure};
}

core::Task<std::optional<std::string>> tail(InstanceContext& context, core::SpawnSpec standardError,
                                            core::SpawnSpec output) {
  const auto until = core::Clock::now() + kLogLimit;
  // What a program says when it dies is on its standard error; where there is none, or nothing, its output will do.
  auto end = co_await runProgramAsOwner(context, std::move(standardError), {}, kLogLimit);
  if (!end.ok() || core::trim(end.output).empty())
    end = co_await runProgramAsOwner(context, std::move(output), {}, until - core::Clock::now());
  if (core::Clock::now() >= until) co_return std::nullopt;
  if (!end.ok()) co_return std::string();
  co_return end.output.substr(end.output.size() - std::min(end.output.size(), kLogBytes));
}

}  // namespace

bool isPlainName(const std::string& program) {
  return !program.empty() && program.front() != '-' && program.size() < 300 &&
         program.find_first_of(" \t\n\r'\"\\") == std::string::npos;
}

core::Task<ProgramAnswer> controlProgram(InstanceContext& context, const entries::Entry& entry, std::string program,
                                         ProgramVerb verb) {
  const char* const word = verb == ProgramVerb::Start ? "start" : verb == ProgramVerb::Stop ? "stop" : "restart";
  return control(context, ctlSpec(context, entry, {word, program}), verb);
}

core::Task<ProgramAnswer> updatePrograms(InstanceContext& context, const entries::Entry& entry) {
  return update(context, ctlSpec(context, entry, {"update"}));
}

core::Task<std::optional<std::string>> tailProgram(InstanceContext& context, const entries::Entry& entry,
                                                   std::string program) {
  const auto bytes = fmt::format("-{}", kLogBytes);
  return tail(context, ctlSpec(context, entry, {"tail", bytes, program, "stderr"}),
              ctlSpec(context, entry, {"tail", bytes, program, "stdout"}));
}

}  // namespace instances
