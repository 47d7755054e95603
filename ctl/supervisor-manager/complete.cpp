// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>

#include "ctl/supervisor-manager/output.hpp"
#include "ctl/supervisor-manager/verbs.hpp"
#include "lib/core/terminal_text.hpp"

namespace manager {

namespace {

/// Prints one candidate per line. A name with control characters is left out: a terminal would interpret them.
void offer(const std::string& word) {
  if (core::printable(word) == word) print(word + "\n");
}

void offerVerbs() {
  for (const auto& verb : verbs())
    if (*verb.help) offer(verb.name);
}

void offerOptions(std::string_view verb) {
  for (const auto& one : optionTexts())
    if (verb.empty() || isFor(one, verb)) offer(fmt::format("--{}", one.word));
}

ExitCode offerInstances(Client& client) {
  const auto rows = client.list();
  if (!rows) return Unreachable;
  for (const auto& row : *rows) offer(row.name);
  return Success;
}

ExitCode offerPrograms(Client& client, const std::string& instance) {
  const auto rows = client.programs(instance);
  if (!rows) return Unreachable;
  for (const auto& row : *rows) offer(row.name);
  return Success;
}

/// Whether the argument after `before` others is the name of a program.
bool takesProgram(std::string_view verb, std::size_t before) {
  return (verb.ends_with("-program") && before >= 1) || (verb == "ctl" && before >= 2);
}

/// Whether it is the name of an instance.
bool takesInstance(const Verb& verb, std::size_t before) {
  if (verb.most == 0 || verb.name == std::string_view("create")) return false;
  const bool one = verb.name == std::string_view("ctl") || verb.name == std::string_view("edit") ||
                   std::string_view(verb.name).ends_with("-program");
  return !one || before == 0;
}

}  // namespace

/// Hidden verb: prints the candidates for a shell's completion, one per line, and no errors. Without arguments: the
/// verbs; "options [VERB]": its options; "words VERB ARGUMENT…": what can follow these arguments. Never asks for a
/// password: Tab must not open a prompt.
ExitCode complete(Session& session) {
  const auto& words = session.options.arguments;
  if (words.empty()) {
    offerVerbs();
    return Success;
  }
  if (words[0] == "options") {
    offerOptions(words.size() > 1 ? words[1] : "");
    return Success;
  }
  const Verb* const verb = words.size() > 1 ? findVerb(words[1]) : nullptr;
  if (!verb) return Success;
  std::vector<std::string> given;
  for (std::size_t i = 2; i < words.size(); ++i)
    if (verb->name == std::string_view("ctl") || !words[i].starts_with('-')) given.push_back(words[i]);
  const auto before = given.size();
  if (verb->name == std::string_view("help")) {
    if (before == 0) offerVerbs();
    return Success;
  }
  const bool program = takesProgram(verb->name, before);
  if (!program && !takesInstance(*verb, before)) return Success;
  auto connected = Client::connect({session.options.busAddress, session.options.host, false});
  if (!connected) return Unreachable;
  return program ? offerPrograms(**connected, given[0]) : offerInstances(**connected);
}

}  // namespace manager
