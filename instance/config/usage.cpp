// SPDX-License-Identifier: MIT
#include "instance/config/command_line.hpp"
#include "instance/config/version.hpp"

namespace config {

std::string usage(const std::string& program) {
  return "supervisord -- run a set of applications and keep them running\n\nUsage: " + program + " [options]\n" + R"(
-c/--configuration FILENAME -- use FILENAME as configuration; without it, the first of
     ../etc/supervisord.conf and ../supervisord.conf (seen from the program's directory), supervisord.conf,
     etc/supervisord.conf, /etc/supervisord.conf and /etc/supervisor/supervisord.conf
-n/--nodaemon -- stay in the foreground
-s/--silent -- in the foreground, do not repeat the log on standard output
--check -- check the configuration, print errors and warnings, and exit: 0 without errors, else 2.
     Changes nothing, and requires only permission to read the files
--overlay -- with --check: read files from standard input instead of the disk, as supervisor-managerd does
--check-state FD -- check whether this program understands the state of a running supervisord, which descriptor FD
     has, and exit: 0 if it does, else 2. An upgrade does this before it replaces a program
-v/--version -- print the version and exit
-h/--help -- print this and exit

These options override the configuration file, also when it is read again:

-u/--user USER -- run as this account, by name or number
-m/--umask UMASK -- umask of the daemon, octal
-d/--directory DIRECTORY -- change to this directory when daemonizing
-l/--logfile FILENAME -- use FILENAME as the activity log
-y/--logfile_maxbytes SIZE -- rotate the activity log at this size
-z/--logfile_backups N -- number of rotated activity logs
-e/--loglevel LEVEL -- level of the activity log: critical, error, warn, info, debug, trace, blather
-j/--pidfile FILENAME -- the file for the pid of the daemon
-i/--identifier NAME -- the name of this daemon, for clients and events
-q/--childlogdir DIRECTORY -- directory of logs with automatic names
-k/--nocleanup -- keep the automatic logs of an earlier run
-a/--minfds N -- number of file descriptors required to start
--minprocs N -- number of processes required to start
-t/--strip_ansi -- remove terminal escapes from the programs' output
--profile_options LIST -- accepted for compatibility, without effect

Long options can be shortened to a unique prefix.

This is supervisor-manager )" +
         packageVersion + ", a replacement for Supervisor " + supervisorVersion + ".\n";
}

}  // namespace config
