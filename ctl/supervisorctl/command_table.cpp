// SPDX-License-Identifier: MIT
#include <array>

#include "ctl/supervisorctl/command.hpp"

namespace ctl {
namespace {

Answer<void> leave(Session&, const std::string&) { return {}; }  // executeLine() ends the session by the name

// By name. `help` shows the listed ones in this order.
constexpr std::array<Command, 25> kCommands{{
    {"EOF", leave, Completes::Nothing, "", "", false},
    {"__complete", runComplete, Completes::Nothing, "", "", false},
    {"add", runAdd, Completes::Groups, "add GROUP...\t\tStart running groups that \"reread\" has found", ""},
    {"avail", runAvail, Completes::Nothing, "avail\t\t\tList every configured process, running or not", ""},
    {"clear", runClear, Completes::Processes,
     "clear NAME...\t\tEmpty the log files of processes\n"
     "clear all\t\tEmpty the log files of all processes",
     ""},
    {"exit", leave, Completes::Nothing, "exit\t\t\tLeave the shell", ""},
    {"fg", runForeground, Completes::Processes,
     "fg NAME\t\t\tShow the output of a process and send it what is typed; Ctrl-C ends this", ""},
    {"help", runHelp, Completes::Commands,
     "help\t\tPrint a list of available actions\nhelp <action>\tPrint help for <action>", "", false},
    {"maintail", runMaintail, Completes::Nothing,
     "maintail\t\tPrint the last 1600 bytes of supervisord's own log\n"
     "maintail -N\t\tPrint its last N bytes\n"
     "maintail -f\t\tFollow it; Ctrl-C ends this",
     "-f"},
    {"open", runOpen, Completes::Nothing, "open URL\t\tTalk to another supervisord: http://HOST:PORT or unix:///PATH",
     ""},
    {"pid", runPid, Completes::Processes,
     "pid\t\t\tPrint the pid of supervisord\n"
     "pid NAME...\t\tPrint the pids of processes, one a line; 0 is not running\n"
     "pid all\t\t\tPrint the pid of every process",
     ""},
    {"quit", leave, Completes::Nothing, "quit\t\t\tLeave the shell", ""},
    {"reload", runReload, Completes::Nothing, "reload\t\t\tRestart supervisord and all its programs", ""},
    {"remove", runRemove, Completes::Groups, "remove GROUP...\t\tForget groups, whose processes must be stopped", ""},
    {"reread", runReread, Completes::Nothing,
     "reread\t\t\tRead the configuration and tell what changed, without touching what runs", ""},
    {"restart", runRestart, Completes::Processes,
     "restart NAME...\t\tStop processes, then start them\n"
     "restart all\t\tStop and start every process\n"
     "\t--parallel\t\tall names side by side\n"
     "\t--wait [STATE]\t\tthen wait for a state (RUNNING), also over failed attempts\n"
     "\t--timeout SECONDS\twait no longer than that\n"
     "The configuration is not read again; \"update\" does that.",
     "--parallel --wait --timeout"},
    {"serialrestart", runSerialRestart, Completes::Processes,
     "serialrestart NAME...\tRestart one process after the other, each when the one before it runs again\n"
     "serialrestart all\tThe same with every process\n"
     "One that does not start ends it: those behind it go on as they are.",
     ""},
    {"shutdown", runShutdown, Completes::Nothing, "shutdown\t\tStop all programs and end supervisord", ""},
    {"signal", runSignal, Completes::Processes,
     "signal SIGNAL NAME...\tSend a signal (HUP, USR1, 10) to processes\n"
     "signal SIGNAL all\tSend it to every process",
     ""},
    {"start", runStart, Completes::Processes,
     "start NAME...\t\tStart processes and wait until they run\n"
     "start all\t\tStart every process\n"
     "\t--parallel\t\tall names side by side\n"
     "\t--wait [STATE]\t\tthen wait for a state (RUNNING), also over failed attempts\n"
     "\t--timeout SECONDS\twait no longer than that",
     "--parallel --wait --timeout"},
    {"status", runStatus, Completes::Processes,
     "status\t\t\tShow all processes\n"
     "status NAME...\t\tShow some of them\n"
     "\t--json\t\t\tas one JSON array\n"
     "\t--resources\t\twith memory and CPU of each program and its children (same machine)\n"
     "\t--watch [SECONDS]\tagain and again, every 2 seconds or as given; Ctrl-C ends this\n"
     "\t--wait [STATE]\t\tfirst wait until all are in a state (RUNNING); STOPPED is any in which nothing runs\n"
     "\t--timeout SECONDS\twait no longer than that; then the exit status is 1",
     "--json --resources --watch --wait --timeout"},
    {"stop", runStop, Completes::Processes,
     "stop NAME...\t\tStop processes and wait until they have ended\n"
     "stop all\t\tStop every process\n"
     "\t--parallel\t\tall names side by side\n"
     "\t--wait [STATE]\t\tthen wait for a state (STOPPED)\n"
     "\t--timeout SECONDS\twait no longer than that",
     "--parallel --wait --timeout"},
    {"tail", runTail, Completes::Processes,
     "tail NAME [stdout|stderr]\tPrint the last 1600 bytes of a log\n"
     "tail -N NAME [stdout|stderr]\tPrint its last N bytes\n"
     "tail -f NAME... [stdout|stderr]\tFollow logs; lines of several carry the process's name; Ctrl-C ends this",
     "-f"},
    {"update", runUpdate, Completes::Groups,
     "update\t\t\tRead the configuration and bring what runs in line with it: stop what is gone,\n"
     "\t\t\trestart what changed, start what is new\n"
     "update all\t\tThe same\n"
     "update GROUP...\t\tThe same for some groups",
     ""},
    {"version", runVersion, Completes::Nothing, "version\t\t\tPrint the version of supervisord", ""},
}};

}  // namespace

std::span<const Command> commandTable() noexcept { return kCommands; }

const Command* findCommand(std::string_view name) noexcept {
  for (const Command& command : commandTable())
    if (command.name == name) return &command;
  return nullptr;
}

}  // namespace ctl
