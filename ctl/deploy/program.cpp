// SPDX-License-Identifier: MIT
#include "ctl/deploy/program.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>

#include "ctl/deploy/ansible_settings.hpp"
#include "ctl/deploy/checks.hpp"
#include "ctl/deploy/documents.hpp"
#include "ctl/deploy/dump.hpp"
#include "ctl/deploy/generate.hpp"
#include "ctl/deploy/options.hpp"
#include "ctl/deploy/report.hpp"
#include "ctl/deploy/runner.hpp"
#include "ctl/deploy/sources/sources.hpp"
#include "lib/core/files.hpp"
#include "lib/core/text.hpp"

namespace deploy {
namespace {

constexpr std::size_t kResultLimit = 1U << 16;

std::string helpText() {
  std::string text =
      "Usage: supervisor-deploy --src FILE... --action ACTION [OPTION...]\n"
      "Deploys the accounts, files, instances and programs of an application file, through Ansible.\n\nActions:\n"
      "  deploy      Make the hosts as the sources describe them\n"
      "  remove      Undo what deploy has made\n"
      "  start       Start instances, then programs\n"
      "  stop        Stop programs, then instances\n"
      "  status      Show all programs; exit status 3 if one is not as wanted\n"
      "  dump        Print what was understood\n"
      "  dumpvars    Print the variables and where their values come from\n"
      "  none        Write the playbooks of all actions into --workingFolder, run nothing\n\nOptions:\n";
  for (const auto& option : optionTexts()) {
    const auto word = fmt::format("{}{}{}", option.word, option.value.empty() ? "" : " ", option.value);
    text += fmt::format("  {:27} {}\n", word, option.help);
  }
  return text + "\nThe manual pages hadeploy(1) and supervisor-app.yml(5) explain everything.\n";
}

void show(const Value& document, bool json) { print(json ? toJson(document) : toYaml(document)); }

/// Folders in which packages of the manager are looked for: that of the first source, and those of local files.
std::vector<std::string> packageFolders(const Options& options, const Node& root) {
  std::vector<std::string> folders;
  for (const auto& source : options.sources) {
    if (source.kind != Source::Kind::File) continue;
    folders.push_back(core::directoryOf(core::absolutePath(source.text, core::currentDirectory())));
    break;
  }
  if (const auto* local = root.find("local_files_folders"))
    for (const auto& folder : local->items) folders.push_back(folder.text);
  return folders;
}

std::vector<std::string> ansibleArguments(const std::string& program, const WorkFolder& work,
                                          const Deployment& deployment) {
  const auto& options = deployment.options;
  std::vector<std::string> words{program, "-i", work.path() + "/inventory.yml"};
  if (options.check) words.emplace_back("--check");
  if (options.check || options.diff) words.emplace_back("--diff");
  // Also for the playbooks of the user, which name their hosts themselves. No name of a host is a pattern: understand()
  // has seen them.
  if (!options.limit.empty()) {
    words.emplace_back("--limit");
    words.push_back(fmt::format("{}", fmt::join(deployment.allowed, ",")));
  }
  if (options.askVaultPassword) words.emplace_back("--ask-vault-pass");
  if (!options.vaultPasswordFile.empty()) words.push_back("--vault-password-file=" + options.vaultPasswordFile);
  if (options.askBecomePassword) words.emplace_back("--ask-become-pass");
  if (options.verbosity > 0) words.push_back("-" + std::string(options.verbosity, 'v'));
  words.push_back(work.path() + "/" + options.action + ".yml");
  return words;
}

/// Whether the callback has written `"name": true`.
bool isTrue(const std::string& result, std::string_view name) {
  const auto at = result.find(fmt::format("\"{}\":", name));
  return at != std::string::npos &&
         core::trim(std::string_view(result).substr(at + name.size() + 3)).starts_with("true");
}

/// The exit status of an action: Ansible's, and for status whether everything runs that is to.
int outcomeOf(int status, const Options& options, const std::string& resultFile) {
  const auto result = core::readFile(resultFile, kResultLimit);
  // Where a host out of reach ends the run, Ansible counts the others as failed.
  constexpr int kTaskFailed = 2;
  if (status == kTaskFailed && result && isTrue(*result, "unreachable") && !isTrue(*result, "failed"))
    return Unreachable;
  if (options.action != "status" || status != 0) return status;
  if (!result) return fail(Failed, "ansible-playbook has left no result: " + result.error().text, false);
  return isTrue(*result, "all_wanted_run") ? Done : NotAllRun;
}

int nothingToDo(const Options& options) {
  remark(fmt::format("the sources have nothing to {} on {}", options.action == "status" ? "show" : options.action,
                     options.limit.empty() ? "any host" : "these hosts"));
  if (options.json) print(toJson(map({{"action", text(options.action)}, {"hosts", map({})}})));
  return Done;
}

int runAction(const WorkFolder& work, const Deployment& deployment, const HeldSignals& signals) {
  const auto& options = deployment.options;
  const auto program = findProgram("ansible-playbook");
  if (program.empty())
    return fail(Failed, "ansible-playbook is not installed. Install the package ansible-core", options.json);
  const auto collections = collectionsFolder();
  if (collections.empty())
    return fail(Failed, "the collection supervisor_manager.supervisor is missing. Install supervisor-deploy again",
                options.json);
  if (auto common = writeCommon(work, deployment); !common) return fail(Failed, common.error().text, options.json);
  const auto isPlanned = writeAction(work, deployment, options.action, "plan.json");
  if (!isPlanned) return fail(Failed, isPlanned.error().text, options.json);
  if (!*isPlanned) return nothingToDo(options);
  const auto resultFile = work.path() + "/result.json";
  const auto environment =
      ansibleEnvironment({work.path() + "/ansible.cfg", collections, resultFile, options.action, options.json});
  std::fflush(stdout);
  const auto status = runProgram(ansibleArguments(program, work, deployment), environment, signals);
  if (!status) return fail(Failed, status.error().text, options.json);
  return outcomeOf(*status, options, resultFile);
}

/// Action none: the playbooks of all actions, to be read or run by hand.
int writeAll(const WorkFolder& work, const Deployment& deployment) {
  if (auto common = writeCommon(work, deployment); !common)
    return fail(Failed, common.error().text, deployment.options.json);
  std::vector<std::string> actions{"deploy", "remove", "start", "stop", "status"};
  for (auto& action : ownActionsOf(deployment.application))
    if (std::find(actions.begin(), actions.end(), action) == actions.end()) actions.push_back(std::move(action));
  for (const auto& action : actions)
    if (auto written = writeAction(work, deployment, action, "plan_" + action + ".json"); !written)
      return fail(Failed, written.error().text, deployment.options.json);
  print(deployment.options.json ? toJson(map({{"folder", text(work.path())}}))
                                : fmt::format("The playbooks are in {}\n", work.path()));
  return Done;
}

int deployWith(const Deployment& deployment) {
  const auto& options = deployment.options;
  const HeldSignals signals;
  auto work = options.workingFolder.empty() ? WorkFolder::temporary() : WorkFolder::below(options.workingFolder);
  if (!work) return fail(options.workingFolder.empty() ? Failed : Misused, work.error().text, options.json);
  if (options.keep) work->keep();
  const bool isRun = options.action != "none";
  const int status = isRun ? runAction(*work, deployment, signals) : writeAll(*work, deployment);
  if (!isRun && status == Done) work->keep();
  if (isRun && work->isKept())
    remark(fmt::format("the generated files stay in {}; they may contain passwords", work->path()));
  const int signal = signals.take();
  return signal != 0 ? 128 + signal : status;
}

/// What the sources say, checked. The problems are reported; without a value there are errors.
std::optional<Application> readApplication(const Options& options, const Node& root, Problems& problems) {
  Selection selection;
  if (!options.scopes.empty()) selection.scopes = options.scopes;
  selection.excluded = options.excludedScopes;
  auto application = understand(root, selection, problems);
  if (!problems.hasErrors()) checkForAnsible(options, application, problems);
  report(problems, options.json);
  if (problems.hasErrors()) return std::nullopt;
  return application;
}

int runSources(const Options& options) {
  Problems problems;
  const auto root = load(options.sources, options.action, problems);
  checkAction(options, root, problems);
  if (options.action == "dumpvars") {
    report(problems, options.json);
    if (!problems.hasErrors()) show(dumpVariables(root), options.json);
    return problems.hasErrors() ? Misused : Done;
  }
  const auto application = readApplication(options, root, problems);
  if (!application) return Misused;
  auto allowed = limitedHosts(*application, options.limit);
  if (!allowed) return fail(Misused, allowed.error().text, options.json);
  if (options.action == "dump") {
    show(dump(*application), options.json);
    return Done;
  }
  return deployWith({options, *application, std::move(*allowed), packageFolders(options, root)});
}

}  // namespace

int runDeploy(const std::vector<std::string>& words) {
  const auto options = parseOptions(words);
  if (!options) return fail(Misused, options.error().text + " See: hadeploy --help", asksForJson(words));
  if (options->help) {
    print(helpText());
    return Done;
  }
  if (options->version) {
    print("supervisor-deploy " SUPERVISOR_MANAGER_VERSION "\n");
    return Done;
  }
  if (!options->loggingConf.empty()) remark("--loggingConf has no effect");
  return runSources(*options);
}

}  // namespace deploy
