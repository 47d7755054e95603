// SPDX-License-Identifier: MIT
#include "lib/dialect/around.hpp"

#include "lib/core/shell_words.hpp"
#include "lib/core/text.hpp"
#include "lib/dialect/possible.hpp"
#include "lib/dialect/section_reader.hpp"
#include "lib/dialect/values.hpp"

namespace config {
namespace {

constexpr std::size_t kMostCommands = 100;

core::Expected<core::milliseconds> parseLimit(std::string_view text) {
  auto limit = parseDuration(text);
  if (limit && limit->count() == 0) return core::Err{core::Error{"a command needs a time limit above 0"}};
  return limit;
}

}  // namespace

core::Expected<std::vector<AroundCommand>> parseAroundCommands(std::string_view text) {
  std::vector<AroundCommand> commands;
  for (const auto& piece : core::split(text, '\n')) {
    std::string_view line = core::trim(piece);
    if (line.empty()) continue;
    AroundCommand command;
    command.optional = line.starts_with('-');
    if (command.optional) line = core::trim(line.substr(1));
    command.line = line;
    const auto words = core::splitWords(line);
    if (!words)
      return core::Err{core::Error{"can't parse command " + core::pythonRepr(line) + ": " + words.error().text}};
    if (words->empty()) return core::Err{core::Error{"there is no command in the line " + core::pythonRepr(piece)}};
    commands.push_back(std::move(command));
  }
  if (commands.empty()) return core::Err{core::Error{"there is no command"}};
  if (commands.size() > kMostCommands)
    return core::Err{core::Error{"more than " + std::to_string(kMostCommands) + " commands"}};
  return commands;
}

bool isPossible(const Around& around) noexcept {
  for (const auto* const commands : {&around.startPre, &around.startPost, &around.stop, &around.stopPost})
    if (commands->list.size() > kMostCommands || commands->limit.count() == 0 || !isPossible(commands->limit))
      return false;
  return true;
}

void readAround(SectionReader& in, const core::Names& names, Around& around) {
  const auto read = [&](const std::string& key, AroundCommands& commands) {
    in.take(key, names, parseAroundCommands, commands.list);
    in.take(key + "_timeout", names, parseLimit, commands.limit);
  };
  read("exec_start_pre", around.startPre);
  read("exec_start_post", around.startPost);
  read("exec_stop", around.stop);
  read("exec_stop_post", around.stopPost);
}

}  // namespace config
