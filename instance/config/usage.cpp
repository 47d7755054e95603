// SPDX-License-Identifier: MIT
#include "instance/config/command_line.hpp"
#include "instance/config/version.hpp"

namespace config {

std::string usage(const std::string& program) {
  return "supervisord -- run a set of applications, and see that they go on running\n\nUsage: " + program +
         " [options]\n" + R"(
-c/--configuration FILENAME -- use FILENAME as configuration; without it, the first of
     ../etc/supervisord.conf and ../supervisord.conf (seen from the program's directory), supervisord.conf,
     etc/supervisord.conf, /etc/supervisord.conf and /etc/supervisor/supervisord.conf
-n/--nodaemon -- stay in the foreground
-s/--silent -- in the foreground, do not repeat the log on standard output
--check -- check the configuration, print what is wrong or doubtful, and exit: 0 if it is good, 2 if not.
     Nothing is touched, and no right is needed but to read the files
--overlay -- with --check: see what standard input brings in the place of files, as supervisor-managerd does
-v/--version -- print the version and exit
-h/--help -- print this and exit

These take the place of what the file says, also when it is read again:

-u/--user USER -- run as this account, by name or number
-m/--umask UMASK -- umask of the daemon, octal
-d/--directory DIRECTORY -- change to this directory when daemonizing
-l/--logfile FILENAME -- use FILENAME as the activity log
-y/--logfile_maxbytes SIZE -- rotate the activity log at this size
-z/--logfile_backups N -- rotated activity logs to keep
-e/--loglevel LEVEL -- critical, error, warn, info, debug, trace, blather
-j/--pidfile FILENAME -- where the daemon writes its pid
-i/--identifier NAME -- the name of this daemon, for clients and events
-q/--childlogdir DIRECTORY -- where logs with automatic names go
-k/--nocleanup -- keep the automatic logs of an earlier run
-a/--minfds N -- file descriptors needed to start
--minprocs N -- processes needed to start
-t/--strip_ansi -- remove terminal escapes from the programs' output
--profile_options LIST -- accepted for compatibility, without effect

Long options may be shortened to a unique beginning.

This is supervisor-manager )" +
         packageVersion + ", a replacement for Supervisor " + supervisorVersion + ".\n";
}

}  // namespace config
