// SPDX-License-Identifier: MIT
#include "ctl/supervisor-manager/verbs.hpp"

#include <fmt/format.h>

#include <array>

namespace manager {

namespace {

constexpr std::size_t any = SIZE_MAX;

constexpr std::array table = {
    Verb{"list", "[NAME…]", "The instances and their states", 0, any, list},
    Verb{"status", "[NAME…]", "Everything about instances; without a name about the manager", 0, any, status},
    Verb{"start", "NAME…", "Start instances", 1, any, start},
    Verb{"stop", "NAME…", "Stop instances and their programs", 1, any, stop},
    Verb{"restart", "NAME…", "Stop and start instances", 1, any, restart},
    Verb{"reload", "[NAME…]", "Read all entries again and apply them; with a name: let instances read their "
                              "configuration again", 0, any, reload},
    Verb{"kill", "NAME…", "Send a signal (-s) to instances (--kill-whom=main or all)", 1, any, kill},
    Verb{"enable", "NAME…", "Start instances at boot (--now: and now)", 1, any, enable},
    Verb{"disable", "NAME…", "Do not start instances at boot (--now: and stop them)", 1, any, disable},
    Verb{"create", "NAME KEY=VALUE…", "Declare a new instance", 2, any, create},
    Verb{"edit", "NAME [KEY=VALUE…]", "Change keys of an entry, or the whole file in an editor", 1, any, edit},
    Verb{"remove", "NAME…", "Stop and remove instances (--purge: with logs and programs)", 1, any, remove},
    Verb{"plan", "", "What `reload` would do, without doing it", 0, 0, plan},
    Verb{"verify", "", "Check all entries without a manager", 0, 0, verify},
    Verb{"programs", "[NAME…]", "The programs of instances", 0, any, programs},
    Verb{"start-program", "NAME PROGRAM…", "Start programs of an instance", 2, any, startProgram},
    Verb{"stop-program", "NAME PROGRAM…", "Stop programs of an instance", 2, any, stopProgram},
    Verb{"restart-program", "NAME PROGRAM…", "Stop and start programs of an instance", 2, any, restartProgram},
    Verb{"logs", "[NAME…]", "The activity log of instances (-f: and what is added); without a name the manager's", 0,
         any, logs},
    Verb{"monitor", "[NAME…]", "Tell every change of state as it happens", 0, any, monitor},
    Verb{"top", "[NAME…]", "Memory and processor time of instances", 0, any, top},
    Verb{"ctl", "NAME [ARGUMENT…]", "Run supervisorctl for an instance, as its owner", 1, any, ctl},
    Verb{"daemon-reexec", "", "Replace the running manager by its installed program", 0, 0, daemonReexec},
    Verb{"__complete", "", "", 0, 1, complete},
};

}  // namespace

std::span<const Verb> verbs() noexcept { return table; }

std::string helpText() {
  std::string text =
      "supervisor-manager [OPTION…] [VERB] [ARGUMENT…]\n\n"
      "Controls the supervisor manager and its instances. Names may be shell patterns.\n\nVerbs:\n";
  for (const auto& verb : table)
    if (*verb.help) text += fmt::format("  {:<33} {}\n", fmt::format("{} {}", verb.name, verb.usage), verb.help);
  return text +
         "\nOptions:\n"
         "  -j --json             Output for programs\n"
         "  -q --quiet            Only names in lists; no words about what went well\n"
         "     --no-legend        Tables without their first line\n"
         "     --no-pager         Long output straight to the terminal\n"
         "     --no-ask-password  Do not ask for a password\n"
         "  -f --follow           logs: go on with what is added\n"
         "  -n --lines=N          logs: begin N lines before the end (10)\n"
         "     --raw              logs: every byte, also what a terminal obeys\n"
         "     --rounds=N         top: end after N rounds\n"
         "  -s --signal=SIGNAL    kill: name or number (TERM)\n"
         "     --kill-whom=WHOM   kill: main (its supervisord) or all\n"
         "     --now              enable, disable: start or stop it too\n"
         "     --purge            remove: logs and programs too\n"
         "  -H --host=[USER@]HOST The manager of another machine, over ssh\n"
         "     --bus-address=ADDR The bus to ask (development)\n"
         "     --root=DIR         verify: entries below DIR (development)\n"
         "  -h --help, -V --version\n\n"
         "Exit status: 0 done, 1 failed, 2 wrong use, 3 status: not running, 4 no such instance or program,\n"
         "5 not allowed, 6 the manager does not run.\n";
}

}  // namespace manager
