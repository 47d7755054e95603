// SPDX-License-Identifier: MIT
#include "ctl/supervisor-manager/verbs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "ctl/supervisor-manager/output.hpp"
#include "ctl/supervisor-manager/suggestion.hpp"
#include "ctl/supervisor-manager/table.hpp"
#include "lib/core/text.hpp"

namespace manager {

namespace {

constexpr std::size_t kAny = SIZE_MAX;

constexpr std::array kTable = {
    Verb{"list", "[NAME…]", "List instances and their states", 0, kAny, list,
         "This is the default verb. REASON is empty if there is no problem. On a terminal, columns are shortened until "
         "the table fits, unless --full is given."},
    Verb{"status", "[NAME…]", "Show all details of instances; without a name, the state of the manager", 0, kAny,
         status, "The exit status is 0 if every given instance runs without a program in trouble, and 3 otherwise."},
    Verb{"start", "NAME…", "Start instances", 1, kAny, start,
         "The configuration is checked first, as the owner. Returns when the instances run, or fails with the reason."},
    Verb{"stop", "NAME…", "Stop instances and their programs", 1, kAny, stop,
         "Returns when all their processes have ended."},
    Verb{"restart", "NAME…", "Stop and start instances", 1, kAny, restart,
         "The configuration is checked first, as the owner. An instance that could not start again is not stopped. All "
         "programs restart, too. To apply changed program files only:\n  supervisor-manager ctl NAME update"},
    Verb{"reload", "[NAME…]",
         "Read all entries again and apply the changes; with names, make instances read their configuration again, "
         "which restarts all their programs",
         0, kAny, reload,
         "Prints the changes in the format of `plan`. The exit status is 1 if an entry is refused or a change could "
         "not be applied."},
    Verb{"upgrade", "NAME…", "Replace the supervisord of running instances with the installed program", 0, kAny,
         upgrade,
         "Their programs keep running, with their pids and connections. With --all instead of names: all that run. If "
         "the installed program cannot take over, the old one continues, and the verb fails with the reason."},
    Verb{"kill", "NAME…", "Send a signal to instances", 1, kAny, kill,
         "For example:\n  supervisor-manager kill -s HUP web"},
    Verb{"enable", "NAME…", "Start instances at boot", 1, kAny, enable},
    Verb{"disable", "NAME…", "Do not start instances at boot", 1, kAny, disable},
    Verb{"create", "NAME KEY=VALUE…", "Declare a new instance", 2, kAny, create,
         "Writes a file in /etc/supervisor-manager/conf.d, and starts the instance unless the keys prevent that. "
         "supervisor-manager.conf(5) describes the keys. For example:\n  supervisor-manager create web user=web "
         "group=web"},
    Verb{"edit", "NAME [KEY=VALUE…]", "Change keys of an entry, or open its file in an editor", 1, kAny, edit,
         "An empty value restores the default. If the manager refuses the result, the previous text is restored."},
    Verb{"remove", "NAME…", "Stop and remove instances", 1, kAny, remove,
         "Also removes their entries, generated configurations and links. Logs and programs are kept unless --purge is "
         "given."},
    Verb{"plan", "", "Show what `reload` would do, without changing anything", 0, 0, plan,
         "The exit status is 1 if an entry is refused or a change could not be applied."},
    Verb{"verify", "", "Check all entries without a running manager", 0, 0, verify, "", false},
    Verb{"programs", "[NAME…]", "List the programs of instances", 0, kAny, programs},
    Verb{"start-program", "NAME PROGRAM…", "Start programs of an instance", 2, kAny, startProgram,
         "PROGRAM is a name, GROUP:NAME or GROUP:*."},
    Verb{"stop-program", "NAME PROGRAM…", "Stop programs of an instance", 2, kAny, stopProgram,
         "PROGRAM is a name, GROUP:NAME or GROUP:*."},
    Verb{"restart-program", "NAME PROGRAM…", "Stop and start programs of an instance", 2, kAny, restartProgram,
         "PROGRAM is a name, GROUP:NAME or GROUP:*."},
    Verb{"logs", "[NAME…]", "Print the activity log of instances; without a name, the journal of the manager", 0, kAny,
         logs, "To see the output of a program:\n  supervisor-manager ctl NAME tail PROGRAM", false},
    Verb{"monitor", "[NAME…]", "Print every change as it happens", 0, kAny, monitor},
    Verb{"top", "[NAME…]", "Show memory and processor time of instances", 0, kAny, top,
         "CPU% covers the time since the last update, or since the start of the instance for the first one. CPU TIME "
         "covers the current run of the instance. Press `q` to quit."},
    Verb{"ctl", "NAME [ARGUMENT…]", "Run supervisorctl for an instance, as its owner", 1, kAny, ctl,
         "All arguments after NAME are passed to supervisorctl. For example:\n  supervisor-manager ctl web status",
         false},
    Verb{"daemon-reexec", "", "Replace the running manager with the installed program", 0, 0, daemonReexec,
         "Instances and their programs keep running. With --upgrade also the supervisord of each running instance is "
         "replaced, as by `upgrade --all`, unless upgrade_instances = no is set in supervisor-manager.conf(5)."},
    Verb{"help", "[VERB]", "List the verbs, or describe one", 0, 1, help, "", false},
    Verb{"__complete", "", "", 0, kAny, complete},
};

constexpr std::size_t kWidth = 80;

/// `label` and, at column `indent`, `text` in lines of at most 80 columns. A label that is too long gets its own line.
std::string entry(const std::string& label, std::size_t indent, std::string_view text) {
  std::string out = label;
  std::size_t column = widthOf(label);
  const auto next = [&] {
    out += "\n" + std::string(indent, ' ');
    column = indent;
  };
  if (column + 1 > indent && column > 0)
    next();
  else
    out.append(indent - column, ' ');
  column = indent;
  for (const auto& word : core::splitBlanks(text)) {
    const bool first = column == indent;
    if (!first && column + 1 + widthOf(word) > kWidth) next();
    out += (column == indent ? "" : " ") + word;
    column += widthOf(word) + (column == indent ? 0 : 1);
  }
  return out + "\n";
}

std::string optionsText(std::string_view verb) {
  std::string text;
  for (const auto& one : optionTexts()) {
    if (!verb.empty() && !isFor(one, verb)) continue;
    const auto letter = one.letter ? fmt::format("-{}", one.letter) : "  ";
    const auto value = one.value.empty() ? "" : fmt::format("={}", one.value);
    // The verbs of an option are named only if there are one or two: a longer list would hide what the option does.
    const auto takers = core::splitBlanks(one.verbs);
    std::string help(one.help);
    if (verb.empty() && !takers.empty() && takers.size() <= 2)
      help = core::join(takers, ", ") + ": " + core::lower(help.substr(0, 1)) + help.substr(1);
    text += entry(fmt::format("  {} --{}{} ", letter, one.word, value), 26, help);
  }
  return text;
}

}  // namespace

std::span<const Verb> verbs() noexcept { return kTable; }

const Verb* findVerb(std::string_view name) noexcept {
  const auto at = std::find_if(kTable.begin(), kTable.end(), [&](const auto& one) { return one.name == name; });
  return at == kTable.end() ? nullptr : &*at;
}

std::string helpText() {
  std::string text = "supervisor-manager [OPTION…] [VERB] [ARGUMENT…]\n\n";
  text += entry("", 0,
                "Controls the supervisor manager and its instances. Names can be shell patterns. For the details of a "
                "verb: supervisor-manager help VERB");
  text += "\nVerbs:\n";
  for (const auto& verb : kTable)
    if (*verb.help) text += entry(fmt::format("  {} {} ", verb.name, verb.usage), 34, verb.help);
  text += "\nOptions:\n" + optionsText("") + "\n";
  return text + entry("", 0,
                      "Exit status: 0 success, 1 failure, 2 usage error, 3 an instance does not run or (status) has a "
                      "program in trouble, 4 no such instance or program, 5 access denied, 6 the manager does not "
                      "answer.");
}

std::string helpText(const Verb& verb) {
  std::string text = fmt::format("supervisor-manager {}{}{}\n\n", verb.name, *verb.usage ? " " : "", verb.usage);
  text += entry("", 0, std::string(verb.help) + ".");
  const std::string_view more = verb.more;
  if (!more.empty()) text += "\n";
  for (const auto& line : core::split(more, '\n'))
    if (!line.empty()) text += line.front() == ' ' ? line + "\n" : entry("", 0, line);
  return text + "\nOptions:\n" + optionsText(verb.name);
}

ExitCode help(Session& session) {
  if (session.options.arguments.empty()) {
    printPaged(session.options, helpText());
    return Success;
  }
  const auto* const verb = findVerb(session.options.arguments.front());
  if (!verb || !*verb->help) return session.fail(Misused, unknownVerb(session.options.arguments.front()));
  printPaged(session.options, helpText(*verb));
  return Success;
}

std::string unknownVerb(const std::string& word) {
  std::vector<std::string_view> known;
  for (const auto& verb : kTable)
    if (*verb.help) known.emplace_back(verb.name);
  const auto near = suggestion(word, known);
  return fmt::format("Unknown command '{}'. {}See: supervisor-manager help", word,
                     near ? fmt::format("Did you mean '{}'? ", *near) : "");
}

}  // namespace manager
