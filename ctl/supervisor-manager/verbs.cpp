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
    Verb{"list", "[NAME…]", "The instances and their states", 0, kAny, list,
         "This is the verb if none is given. REASON is empty where there is no trouble. On a terminal, columns are "
         "shortened to its width (--full: they are not)."},
    Verb{"status", "[NAME…]", "Everything about instances; without a name about the manager", 0, kAny, status,
         "The exit status is 0 if every instance asked for runs and all is well with its programs, and 3 otherwise."},
    Verb{"start", "NAME…", "Start instances", 1, kAny, start, "Returns when they run, or with the reason why not."},
    Verb{"stop", "NAME…", "Stop instances and their programs", 1, kAny, stop,
         "Returns when nothing of them runs any more."},
    Verb{"restart", "NAME…", "Stop and start instances", 1, kAny, restart,
         "The configuration is checked first, as the owner; what would not start again is not stopped. All programs "
         "are stopped, too. To apply changed program files only:\n  supervisor-manager ctl NAME update"},
    Verb{"reload", "[NAME…]",
         "Read all entries again and apply them; with names: let instances read their "
         "configurations again, which restarts all their programs",
         0, kAny, reload,
         "Says what was done for each instance, as `plan` does before. The exit status is 1 if an entry is refused or "
         "something could not be done."},
    Verb{"kill", "NAME…", "Send a signal to instances", 1, kAny, kill,
         "For example:\n  supervisor-manager kill -s HUP web"},
    Verb{"enable", "NAME…", "Start instances at boot", 1, kAny, enable},
    Verb{"disable", "NAME…", "Do not start instances at boot", 1, kAny, disable},
    Verb{"create", "NAME KEY=VALUE…", "Declare a new instance", 2, kAny, create,
         "Writes a file in /etc/supervisor-manager/conf.d, and starts the instance as that says. The keys are in "
         "supervisor-manager.conf(5). For example:\n  supervisor-manager create web user=web group=web"},
    Verb{"edit", "NAME [KEY=VALUE…]", "Change keys of an entry, or the whole file in an editor", 1, kAny, edit,
         "An empty value goes back to the default. A text that the manager refuses does not stay."},
    Verb{"remove", "NAME…", "Stop and remove instances", 1, kAny, remove,
         "Their entries, generated configurations and links go; logs and programs stay unless --purge is given."},
    Verb{"plan", "", "What `reload` would do, without doing it", 0, 0, plan,
         "The exit status is 1 if an entry is refused or something could not be done."},
    Verb{"verify", "", "Check all entries without a manager", 0, 0, verify, "", false},
    Verb{"programs", "[NAME…]", "The programs of instances", 0, kAny, programs},
    Verb{"start-program", "NAME PROGRAM…", "Start programs of an instance", 2, kAny, startProgram,
         "PROGRAM is a name, GROUP:NAME or GROUP:*."},
    Verb{"stop-program", "NAME PROGRAM…", "Stop programs of an instance", 2, kAny, stopProgram,
         "PROGRAM is a name, GROUP:NAME or GROUP:*."},
    Verb{"restart-program", "NAME PROGRAM…", "Stop and start programs of an instance", 2, kAny, restartProgram,
         "PROGRAM is a name, GROUP:NAME or GROUP:*."},
    Verb{"logs", "[NAME…]", "The activity log of instances; without a name the manager's", 0, kAny, logs,
         "The output of a program is shown by:\n  supervisor-manager ctl NAME tail PROGRAM", false},
    Verb{"monitor", "[NAME…]", "Tell every change of state as it happens", 0, kAny, monitor},
    Verb{"top", "[NAME…]", "Memory and processor time of instances", 0, kAny, top,
         "CPU% is that since the last look; at the first one, since the start of the instance. CPU TIME is that since "
         "its start. `q` ends it."},
    Verb{"ctl", "NAME [ARGUMENT…]", "Run supervisorctl for an instance, as its owner", 1, kAny, ctl,
         "All that follows NAME is supervisorctl's. For example:\n  supervisor-manager ctl web status", false},
    Verb{"daemon-reexec", "", "Replace the running manager by its installed program", 0, 0, daemonReexec,
         "Instances and their programs go on."},
    Verb{"help", "[VERB]", "What there is, or what one verb does", 0, 1, help, "", false},
    Verb{"__complete", "", "", 0, kAny, complete},
};

constexpr std::size_t kWidth = 80;

/// `label`, and beside it `text` in lines of at most 80 columns; a label that is too long has a line of its own.
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
    // What most verbs with tables or logs take explains itself.
    const auto takers = core::splitBlanks(one.verbs);
    const auto who = verb.empty() && !takers.empty() && takers.size() <= 2 ? core::join(takers, ", ") + ": " : "";
    text += entry(fmt::format("  {} --{}{} ", letter, one.word, value), 26, who + std::string(one.help));
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
                "Controls the supervisor manager and its instances. Names may be shell patterns. "
                "`supervisor-manager help VERB` says more about one.");
  text += "\nVerbs:\n";
  for (const auto& verb : kTable)
    if (*verb.help) text += entry(fmt::format("  {} {} ", verb.name, verb.usage), 34, verb.help);
  text += "\nOptions:\n" + optionsText("") + "\n";
  return text + entry("", 0,
                      "Exit status: 0 done, 1 failed, 2 wrong use, 3 an instance does not run or (status) is in "
                      "trouble, 4 no such instance or program, 5 not allowed, 6 the manager does not run.");
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
  return fmt::format("Unknown verb '{}'. {}See: supervisor-manager help", word,
                     near ? fmt::format("Did you mean '{}'? ", *near) : "");
}

}  // namespace manager
