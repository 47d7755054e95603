// SPDX-License-Identifier: MIT
#include "instance/process/program_environment.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <iterator>
#include <utility>

#include "instance/config/model.hpp"
#include "lib/core/files.hpp"
#include "lib/core/users.hpp"
#include "lib/dialect/environment_file.hpp"

namespace process {
namespace {

/// About what execve(2) takes.
constexpr std::size_t kLargestEnvironmentFile = 1024 * 1024;
/// Every one is looked for among the others.
constexpr std::size_t kMostVariables = 4096;

/// Adds the variables of a file; returns why not, or an empty text.
std::string readInto(const config::OptionalPath& file, Variables& variables) {
  const auto text = core::readFile(file.path, kLargestEnvironmentFile);
  if (!text && file.optional && text.error().code == ENOENT) return {};
  if (!text) return "couldn't read environment_file: " + text.error().text;
  auto parsed = config::parseEnvironmentFile(*text);
  if (!parsed) return fmt::format("error in environment_file {}: {}", file.path, parsed.error().text);
  if (parsed->size() > kMostVariables)
    return fmt::format("error in environment_file {}: it has more than {} variables", file.path, kMostVariables);
  variables.insert(variables.end(), std::make_move_iterator(parsed->begin()), std::make_move_iterator(parsed->end()));
  return {};
}

}  // namespace

core::Result<Variables, std::string> startVariables(const config::ProcessConfig& config) {
  const auto& asked = config.extension->surroundings;
  Variables variables;
  // The key "environment" has the last word about these.
  const auto offer = [&](const char* name, std::string value) {
    if (config.environment.find(name) == nullptr) variables.emplace_back(name, std::move(value));
  };
  if (asked.loginEnvironment) {
    const uid_t uid = config.uid.value_or(::getuid());
    const auto account = core::findAccount(uid);
    if (!account) return core::Err{fmt::format("couldn't set login_environment: uid {} has no account", uid)};
    offer("HOME", account->home);
    offer("USER", account->name);
    offer("LOGNAME", account->name);
  }
  if (asked.processNumber) offer("SUPERVISOR_PROCESS_NUMBER", std::to_string(*asked.processNumber));
  for (const auto& file : asked.environmentFiles)
    if (auto why = readInto(file, variables); !why.empty()) return core::Err{std::move(why)};
  return variables;
}

}  // namespace process
