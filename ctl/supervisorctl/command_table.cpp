// SPDX-License-Identifier: MIT
#include <array>
#include <string>
#include <vector>

#include "ctl/supervisorctl/command.hpp"
#include "ctl/supervisorctl/session.hpp"

namespace ctl {
namespace {

Answer<void> leave(Session&, const std::string&) { return {}; }  // executeLine() ends the session by the name

// By name. `help` shows the listed ones in this order.
constexpr std::array<Command, 30> kCommands{{
    {"EOF", leave, Completes::Nothing, "", "", false},
    {"__complete", runComplete, Completes::Nothing, "", "", false},
    {"add", runAdd, Completes::Groups, "add GROUP...\t\tActivate groups that \"reread\" has found", ""},
    {"avail", runAvail, Completes::Nothing, "avail\t\t\tList every configured process, running or not", ""},
    {"clear", runClear, Completes::Processes,
     "clear NAME...\t\tEmpty the log files of processes\n"
     "clear all\t\tEmpty the log files of all processes",
     ""},
    {"disable", runDisable, Completes::Processes,
     "disable NAME...\t\tDo not start processes with supervisord, by \"start all\" or \"update\", also after a\n"
     "\t\t\treboot; what runs keeps running, and \"start NAME\" works\n"
     "disable all\t\tThe same with every process",
     "", false},
    {"enable", runEnable, Completes::Processes,
     "enable NAME...\t\tUndo \"disable\"; nothing is started\n"
     "enable all\t\tThe same with every process",
     "", false},
    {"exit", leave, Completes::Nothing, "exit\t\t\tLeave the shell", ""},
    {"fg", runForeground, Completes::Processes,
     "fg NAME\t\t\tShow the output of a process and send it the lines you type; Ctrl-C ends this", ""},
    {"help", runHelp, Completes::Commands,
     "help\t\tPrint a list of available actions\nhelp <action>\tPrint help for <action>", "", false},
    {"maintail", runMaintail, Completes::Nothing,
     "maintail\t\tPrint the last 1600 bytes of supervisord's own log\n"
     "maintail -N\t\tPrint its last N bytes\n"
     "maintail -f\t\tFollow it; Ctrl-C ends this",
     "-f"},
    {"open", runOpen, Completes::Nothing,
     "open URL\t\tConnect to another supervisord: http://HOST:PORT or unix:///PATH", ""},
    {"pid", runPid, Completes::Processes,
     "pid\t\t\tPrint the pid of supervisord\n"
     "pid NAME...\t\tPrint the pids of processes, one per line; 0: not running\n"
     "pid all\t\t\tPrint the pid of every process",
     ""},
    {"quit", leave, Completes::Nothing, "quit\t\t\tLeave the shell", ""},
    {"reload", runReload, Completes::Nothing, "reload\t\t\tRestart supervisord and all its programs", ""},
    {"reload-program", runReloadProgram, Completes::Processes,
     "reload-program NAME...\tAsk processes to read their own configuration again, by their reload_signal or\n"
     "\t\t\treload_command\n"
     "reload-program all\tThe same with every process",
     "", false},
    {"remove", runRemove, Completes::Groups, "remove GROUP...\t\tRemove groups; their processes must be stopped", ""},
    {"reread", runReread, Completes::Nothing,
     "reread\t\t\tRead the configuration and list the changes; running processes are not affected\n"
     "\t--verbose\t\tlist the changed processes and keys, too",
     "--verbose"},
    {"restart", runRestart, Completes::Processes,
     "restart NAME...\t\tStop processes, then start them\n"
     "restart all\t\tStop and start every process\n"
     "\t--parallel\t\thandle all names in parallel\n"
     "\t--wait [STATE]\t\tthen wait for a state (RUNNING); failed first attempts are ignored\n"
     "\t--timeout SECONDS\twait no longer than this\n"
     "\t--rolling\t\tone after the other, each when the one before runs; stop at the first failure\n"
     "\t--max-unavailable N\tthe same, N at a time\n"
     "\t--if-changed\t\tread the configuration and restart only those of the processes that it changes\n"
     "Without --if-changed the configuration is not read again; \"update\" does that.",
     "--parallel --wait --timeout --rolling --max-unavailable --if-changed"},
    {"scale", runScale, Completes::Nothing,
     "scale PROGRAM=N...\tRun N processes of a program: start further ones, or stop the last ones\n"
     "\t--save\t\t\tkeep the number, in an included file; else until supervisord restarts",
     "--save", false},
    {"serialrestart", runSerialRestart, Completes::Processes,
     "serialrestart NAME...\tRestart one process after the other, each after the previous one has started\n"
     "serialrestart all\tThe same with every process\n"
     "If a process does not start, the remaining ones are not restarted.",
     ""},
    {"shutdown", runShutdown, Completes::Nothing, "shutdown\t\tStop all programs and exit supervisord", ""},
    {"signal", runSignal, Completes::Processes,
     "signal SIGNAL NAME...\tSend a signal (HUP, USR1, 10) to processes\n"
     "signal SIGNAL all\tSend it to every process",
     ""},
    {"start", runStart, Completes::Processes,
     "start NAME...\t\tStart processes and wait until they run\n"
     "start all\t\tStart every process\n"
     "\t--parallel\t\thandle all names in parallel\n"
     "\t--wait [STATE]\t\tthen wait for a state (RUNNING); failed first attempts are ignored\n"
     "\t--timeout SECONDS\twait no longer than this",
     "--parallel --wait --timeout"},
    {"status", runStatus, Completes::Processes,
     "status\t\t\tShow all processes\n"
     "status NAME...\t\tShow some of them\n"
     "\t--json\t\t\tprint a JSON array\n"
     "\t--resources\t\tadd memory and CPU of each program and its children (same machine)\n"
     "\t--health\t\tadd whether they are healthy, of programs with a health_check or watchdog\n"
     "\t--watch [SECONDS]\trepeat every 2 seconds or at this interval; Ctrl-C ends this\n"
     "\t--wait [STATE]\t\tfirst wait until all are in a state (RUNNING); STOPPED is any in which nothing runs\n"
     "\t--timeout SECONDS\twait no longer than this; then the exit status is 1",
     "--json --resources --health --watch --wait --timeout"},
    {"stop", runStop, Completes::Processes,
     "stop NAME...\t\tStop processes, and those that depend on them before, and wait until they have ended\n"
     "stop all\t\tStop every process\n"
     "\t--force\t\t\tdo not stop those that depend on them\n"
     "\t--parallel\t\thandle all names in parallel\n"
     "\t--wait [STATE]\t\tthen wait for a state (STOPPED)\n"
     "\t--timeout SECONDS\twait no longer than this",
     "--force --parallel --wait --timeout"},
    {"tail", runTail, Completes::Processes,
     "tail NAME [stdout|stderr]\tPrint the last 1600 bytes of a log\n"
     "tail -N NAME [stdout|stderr]\tPrint its last N bytes\n"
     "tail -f NAME... [stdout|stderr]\tFollow logs, with the name before each line if there are several;\n"
     "\t\t\t\tCtrl-C ends this",
     "-f"},
    {"update", runUpdate, Completes::Groups,
     "update\t\t\tRead the configuration and apply it: stop removed processes, restart changed ones,\n"
     "\t\t\tstart new ones; others continue, and so do those whose changes need no restart\n"
     "update all\t\tThe same\n"
     "update GROUP...\t\tThe same for some groups\n"
     "\t--dry-run\t\tonly print what would be done, and which keys are the reason\n"
     "\t--no-start\t\tstart nothing: new and restarted processes are left STOPPED",
     "--dry-run --no-start"},
    {"upgrade", runUpgrade, Completes::Nothing,
     "upgrade\t\t\tReplace the program of supervisord by the installed one; no program of it stops,\n"
     "\t\t\tand the configuration is not read again\n"
     "\t--wait\t\t\treturn when the new supervisord serves",
     "--wait", false},
    {"version", runVersion, Completes::Nothing, "version\t\t\tPrint the version of supervisord", ""},
}};

constexpr std::string_view kTitle = "default commands (type help <topic>):";
constexpr std::size_t kWidth = 79;
/// Printed after the help of every command that takes processes.
constexpr std::string_view kNames =
    "NAME is a process (web), a process of a group (web:web_0), a whole group (web:*) or a shell\n"
    "pattern ('web_*', in quotes), which is matched against the process and against group:process.";

}  // namespace

std::span<const Command> commandTable() noexcept { return kCommands; }

const Command* findCommand(std::string_view name) noexcept {
  for (const Command& command : commandTable())
    if (command.name == name) return &command;
  return nullptr;
}

void printHelp(Session& session, std::string_view name) {
  const Command* command = findCommand(name);
  if (!command || command->help.empty()) {
    session.out.line("*** No help on " + std::string(name));
    return;
  }
  session.out.lines(command->help);
  if (command->completes == Completes::Processes) session.out.lines(kNames);
}

Answer<void> runHelp(Session& session, const std::string& argument) {
  if (!argument.empty()) {
    printHelp(session, argument);
    return {};
  }
  std::vector<std::string_view> names;
  for (const Command& command : commandTable())
    if (command.listed) names.push_back(command.name);
  session.out.line("");
  session.out.line(kTitle);
  session.out.line(std::string(kTitle.size(), '='));
  session.out.raw(inColumns(names, kWidth));
  session.out.line("");
  return {};
}

}  // namespace ctl
