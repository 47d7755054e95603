// SPDX-License-Identifier: MIT
#include "instance/process/command.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <string_view>

#include <fmt/core.h>

#include "instance/config/model.hpp"
#include "lib/core/shell_words.hpp"
#include "lib/core/text.hpp"

namespace process {
namespace {

core::Err<CommandError> error(CommandError::Kind kind, std::string text) {
  return core::Err{CommandError{kind, std::move(text)}};
}

/// The PATH that counts for the search: the program's own, else ours, else a default.
std::string_view searchPath(const config::ProcessConfig& config) {
  for (const auto& [key, value] : config.environment)
    if (key == "PATH") return value;
  if (const char* const inherited = ::getenv("PATH")) return inherited;
  return "/bin:/usr/bin:/usr/local/bin";
}

/// Finds the file; `facts` is filled if it was found.
std::optional<std::string> find(const std::string& name, const config::ProcessConfig& config, struct stat& facts) {
  if (name.find('/') != std::string::npos)
    return ::stat(name.c_str(), &facts) == 0 ? std::optional(name) : std::nullopt;
  auto path = searchPath(config);
  for (;;) {
    const auto end = path.find(':');
    std::string candidate(path.substr(0, end));
    if (!candidate.empty() && !candidate.ends_with('/')) candidate += '/';
    candidate += name;
    if (::stat(candidate.c_str(), &facts) == 0) return candidate;
    if (end == std::string_view::npos) return std::nullopt;
    path.remove_prefix(end + 1);
  }
}

}  // namespace

core::Result<Command, CommandError> resolveCommand(const config::ProcessConfig& config) {
  return resolveCommand(config.command, config);
}

core::Result<Command, CommandError> resolveCommand(const std::string& line, const config::ProcessConfig& config) {
  using Kind = CommandError::Kind;
  auto words = core::splitWords(line);
  if (!words)
    return error(Kind::Bad, fmt::format("can't parse command {}: {}", core::pythonRepr(line), words.error().text));
  if (words->empty()) return error(Kind::Bad, "command is empty");
  struct stat facts {};
  auto file = find(words->front(), config, facts);
  const auto shown = core::pythonRepr(file ? *file : words->front());
  if (!file) return error(Kind::NoFile, fmt::format("can't find command {}", shown));
  if (S_ISDIR(facts.st_mode)) return error(Kind::NotExecutable, fmt::format("command at {} is a directory", shown));
  if ((facts.st_mode & 0111) == 0)
    return error(Kind::NotExecutable, fmt::format("command at {} is not executable", shown));
  if (::access(file->c_str(), X_OK) != 0)
    return error(Kind::NotExecutable, fmt::format("no permission to run command {}", shown));
  return Command{std::move(*file), std::move(*words)};
}

}  // namespace process
