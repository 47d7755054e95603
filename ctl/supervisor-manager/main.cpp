// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <csignal>

#include "ctl/supervisor-manager/json.hpp"
#include "ctl/supervisor-manager/output.hpp"
#include "ctl/supervisor-manager/verbs.hpp"
#include "lib/core/program.hpp"

namespace {

using namespace manager;

/// Prints a usage error; with --json also as an object on standard output.
int misused(const std::string& text, bool json) {
  complain(text);
  if (json) print(json::error(Misused, text) + "\n");
  return Misused;
}

bool asksForJson(const std::vector<std::string>& words) {
  return std::any_of(words.begin(), words.end(),
                     [](const std::string& word) { return word == "--json" || word == "-j"; });
}

int run(const std::vector<std::string>& words) {
  auto options = parseOptions(words);
  if (!options) return misused(options.error().text + " See: supervisor-manager help", asksForJson(words));
  if (options->version) {
    print("supervisor-manager " SUPERVISOR_MANAGER_VERSION "\n");
    return Success;
  }
  if (options->help && options->verb != "help")
    options->arguments = options->verb.empty() ? std::vector<std::string>() : std::vector{options->verb};
  const std::string word = options->help ? "help" : options->verb.empty() ? "list" : options->verb;
  const auto* const verb = findVerb(word);
  if (!verb) return misused(unknownVerb(word), options->json);
  const auto given = options->arguments.size();
  if (given < verb->fewest || given > verb->most)
    return misused(fmt::format("Too {} arguments. Usage: supervisor-manager {} {}\nSee: supervisor-manager help {}",
                               given < verb->fewest ? "few" : "many", verb->name, verb->usage, verb->name),
                   options->json);
  if (options->json && !verb->json)
    return misused(fmt::format("'{}' has no output in JSON; run it without --json", verb->name), true);
  Session session(std::move(*options));
  return session.finish(verb->run(session));
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // the user may quit a pager before it has read everything
  return core::runProgram("supervisor-manager", [&] { return run({argv + 1, argv + argc}); });
}
