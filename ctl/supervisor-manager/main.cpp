// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <clocale>
#include <csignal>
#include <string_view>

#include "ctl/supervisor-manager/output.hpp"
#include "ctl/supervisor-manager/verbs.hpp"
#include "lib/core/program.hpp"
#include "lib/core/text.hpp"

namespace {

using namespace manager;

int misused(const std::string& text) {
  complain(text + ". See: supervisor-manager --help");
  return Misused;
}

int unknownVerb(const std::string& word) {
  std::vector<std::string_view> known;
  for (const auto& verb : verbs()) known.emplace_back(verb.name);
  const auto near = core::nearest(word, known);
  return misused(fmt::format("There is no verb '{}'{}", word, near ? fmt::format(": is it '{}'?", *near) : ""));
}

int run(const std::vector<std::string>& words) {
  auto options = parseOptions(words);
  if (!options) return misused(options.error().text);
  if (options->help || options->verb == "help") {
    print(helpText());
    return Success;
  }
  if (options->version) {
    print("supervisor-manager " SUPERVISOR_MANAGER_VERSION "\n");
    return Success;
  }
  const std::string word = options->verb.empty() ? "list" : options->verb;
  const auto all = verbs();
  const auto verb = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.name == word; });
  if (verb == all.end()) return unknownVerb(word);
  const auto given = options->arguments.size();
  if (given < verb->fewest || given > verb->most)
    return misused(fmt::format("Too {} arguments; it is: supervisor-manager {} {}",
                               given < verb->fewest ? "few" : "many", verb->name, verb->usage));
  Session session(std::move(*options));
  return verb->run(session);
}

}  // namespace

int main(int argc, char** argv) {
  std::setlocale(LC_TIME, "");
  std::signal(SIGPIPE, SIG_IGN);  // a pager that ends early is no failure
  return core::runProgram("supervisor-manager", [&] { return run({argv + 1, argv + argc}); });
}
