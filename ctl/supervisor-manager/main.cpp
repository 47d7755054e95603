// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <clocale>
#include <csignal>

#include "ctl/supervisor-manager/output.hpp"
#include "ctl/supervisor-manager/verbs.hpp"
#include "lib/core/program.hpp"

namespace {

using namespace manager;

int misused(const std::string& text) {
  complain(text + ". See: supervisor-manager help");
  return Misused;
}

int run(const std::vector<std::string>& words) {
  auto options = parseOptions(words);
  if (!options) return misused(options.error().text);
  if (options->version) {
    print("supervisor-manager " SUPERVISOR_MANAGER_VERSION "\n");
    return Success;
  }
  if (options->help && options->verb != "help")
    options->arguments = options->verb.empty() ? std::vector<std::string>() : std::vector{options->verb};
  const std::string word = options->help ? "help" : options->verb.empty() ? "list" : options->verb;
  const auto* const verb = findVerb(word);
  if (!verb) {
    complain(unknownVerb(word));
    return Misused;
  }
  const auto given = options->arguments.size();
  if (given < verb->fewest || given > verb->most) {
    complain(fmt::format("Too {} arguments; it is: supervisor-manager {} {}\nSee: supervisor-manager help {}",
                         given < verb->fewest ? "few" : "many", verb->name, verb->usage, verb->name));
    return Misused;
  }
  Session session(std::move(*options));
  return verb->run(session);
}

}  // namespace

int main(int argc, char** argv) {
  std::setlocale(LC_TIME, "");
  std::signal(SIGPIPE, SIG_IGN);  // a pager that ends early is no failure
  return core::runProgram("supervisor-manager", [&] { return run({argv + 1, argv + argc}); });
}
