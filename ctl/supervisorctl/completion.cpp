// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/completion.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "ctl/supervisorctl/command.hpp"
#include "ctl/supervisorctl/session.hpp"
#include "lib/core/terminal_text.hpp"
#include "lib/core/text.hpp"

namespace ctl {
namespace {

constexpr int kCallTimeoutMs = 1000;  // longer than that, a user takes the shell for hung
constexpr std::array<std::string_view, 8> kSignals{"HUP", "INT", "QUIT", "KILL", "TERM", "USR1", "USR2", "CONT"};

void addMatching(std::vector<std::string>& out, std::string_view candidate, std::string_view word) {
  // A name with control characters is left out: a terminal would interpret them, and a shell would insert them.
  if (!candidate.empty() && candidate.starts_with(word) && core::printable(candidate) == candidate)
    out.emplace_back(candidate);
}

std::vector<std::string> commands(std::string_view word) {
  std::vector<std::string> out;
  for (const Command& command : commandTable())
    if (command.listed || !command.help.empty()) addMatching(out, command.name, word);
  return out;
}

std::vector<std::string> groups(const std::vector<ProcessInfo>& processes, std::string_view word) {
  std::vector<std::string> out;
  std::set<std::string_view> seen;
  for (const ProcessInfo& info : processes)
    if (seen.insert(info.group).second) addMatching(out, info.group, word);
  return out;
}

/// "proc" if its group has the same name, else "group:proc" and once "group:*". If a colon has been typed, always
/// "group:proc".
std::vector<std::string> names(const std::vector<ProcessInfo>& processes, std::string_view word) {
  const bool colon = word.find(':') != std::string_view::npos;
  std::vector<std::string> out;
  std::set<std::string_view> seen;
  for (const ProcessInfo& info : processes) {
    if (!colon && info.name == info.group) {
      addMatching(out, info.name, word);
      continue;
    }
    addMatching(out, info.group + ':' + info.name, word);
    if (seen.insert(info.group).second) addMatching(out, info.group + ":*", word);
  }
  return out;
}

}  // namespace

CompletionRequest splitForCompletion(std::string_view line) {
  CompletionRequest request{core::splitBlanks(line), {}};
  if (!line.empty() && !core::isBlank(line.back())) {
    request.word = std::move(request.before.back());
    request.before.pop_back();
  }
  return request;
}

bool needsProcesses(const CompletionRequest& request) {
  if (request.before.empty() || request.word.starts_with('-')) return false;
  const Command* command = findCommand(request.before.front());
  if (!command) return false;
  if (command->name == "signal" && request.before.size() == 1) return false;
  return command->completes == Completes::Processes || command->completes == Completes::Groups;
}

std::vector<std::string> candidates(const CompletionRequest& request, const std::vector<ProcessInfo>& processes) {
  if (request.before.empty()) return commands(request.word);
  const Command* command = findCommand(request.before.front());
  std::vector<std::string> out;
  if (!command) return out;
  if (request.word.starts_with('-')) {
    for (const std::string& option : core::splitBlanks(command->options)) addMatching(out, option, request.word);
    return out;
  }
  if (command->name == "signal" && request.before.size() == 1) {
    for (std::string_view name : kSignals) addMatching(out, name, request.word);
    return out;
  }
  switch (command->completes) {
    case Completes::Commands: return commands(request.word);
    case Completes::Groups: return groups(processes, request.word);
    case Completes::Processes: return names(processes, request.word);
    case Completes::Nothing: break;
  }
  return out;
}

/// For shells: `__complete WORD... =CURRENT` prints candidates, one per line. If the server does not answer, there are
/// none, and no error: it would be printed amid the line that is being typed.
Answer<void> runComplete(Session& session, const std::string& argument) {
  // The last word may be empty; a mark before it keeps it in the joined line: "start =web".
  const std::size_t blank = argument.rfind(" =");
  const std::size_t mark = blank != std::string::npos ? blank + 1 : 0;
  if (argument.empty() || argument[mark] != '=') return {};
  const CompletionRequest request{core::splitBlanks(argument.substr(0, mark)), argument.substr(mark + 1)};
  std::vector<ProcessInfo> processes;
  if (needsProcesses(request)) {
    session.limitCalls(kCallTimeoutMs);
    if (auto infos = session.allProcesses()) processes = std::move(infos).value();
  }
  for (const std::string& candidate : candidates(request, processes)) session.out.line(candidate);
  return {};
}

}  // namespace ctl
