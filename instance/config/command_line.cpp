// SPDX-License-Identifier: MIT
#include "instance/config/command_line.hpp"

#include <unistd.h>

#include <algorithm>
#include <climits>
#include <limits>
#include <set>

#include "instance/config/options.hpp"
#include "lib/core/files.hpp"
#include "lib/core/program.hpp"
#include "lib/core/text.hpp"
#include "lib/dialect/values.hpp"

namespace config {
namespace {

constexpr OptionSpec kSpecs[] = {
    {'h', "help", false},
    {'?', "", false},
    {'c', "configuration", true},
    {'v', "version", false},
    {'n', "nodaemon", false},
    {'u', "user", true},
    {'m', "umask", true},
    {'d', "directory", true},
    {'l', "logfile", true},
    {'y', "logfile_maxbytes", true},
    {'z', "logfile_backups", true},
    {'e', "loglevel", true},
    {'j', "pidfile", true},
    {'i', "identifier", true},
    {'q', "childlogdir", true},
    {'a', "minfds", true},
    {0, "minprocs", true},
    {'k', "nocleanup", false},
    {'t', "strip_ansi", false},
    {0, "profile_options", true},
    {'s', "silent", false},
    // Not by a prefix: unique prefixes of Supervisor's options must stay unique.
    {0, "check", false, true},
    {0, "overlay", false, true},
    {0, "check-state", true, true},
};

core::Err<core::Error> refuse(std::string text) { return core::Err{core::Error{std::move(text)}}; }

core::Expected<std::string> asText(std::string_view text) { return std::string(text); }

core::Expected<int> parseDescriptor(std::string_view text) {
  const auto number = core::parseInteger(text);
  if (!number || *number < 0 || *number > std::numeric_limits<int>::max()) return refuse("it is not a descriptor");
  return static_cast<int>(*number);
}

/// Converts and stores one option's value; the error names the option and the value.
template <class T, class Out>
core::Status store(const GivenOption& option, core::Expected<T> (*convert)(std::string_view), Out& out) {
  auto value = convert(option.value);
  if (!value)
    return refuse("invalid value for " + option.typed + " " + core::pythonRepr(option.value) + ": " +
                  value.error().text);
  out = std::move(value).value();
  return {};
}

core::Status apply(const GivenOption& option, CommandLine& line) {
  const auto name = option.spec->longName;
  if (name == "configuration") return store(option, asText, line.fileAsTyped);
  if (name == "user") return store(option, asText, line.user);
  if (name == "identifier") return store(option, asText, line.identifier);
  if (name == "umask") return store(option, parseOctal, line.umask);
  if (name == "directory") return store(option, parseDirectory, line.directory);
  if (name == "childlogdir") return store(option, parseDirectory, line.childLogDir);
  if (name == "logfile") return store(option, parseFilePath, line.logFile);
  if (name == "pidfile") return store(option, parseFilePath, line.pidFile);
  if (name == "logfile_maxbytes") return store(option, parseByteSize, line.logMaxBytes);
  if (name == "logfile_backups") return store(option, parseInteger, line.logBackups);
  if (name == "loglevel") return store(option, parseLogLevel, line.logLevel);
  if (name == "minfds") return store(option, parseInteger, line.minFds);
  if (name == "minprocs") return store(option, parseInteger, line.minProcs);
  if (name == "check-state") {
    line.action = CommandLine::Action::CheckState;
    return store(option, parseDescriptor, line.stateDescriptor);
  }
  if (name == "check") line.action = CommandLine::Action::Check;
  if (name == "overlay") line.overlaid = true;
  if (name == "nodaemon") line.noDaemon = true;
  if (name == "silent") line.silent = true;
  if (name == "nocleanup") line.noCleanup = true;
  if (name == "strip_ansi") line.stripAnsi = true;
  return {};  // profile_options is for Supervisor's interpreter: accepted, without effect
}

/// The directory above that of the program: private installations have their configuration there.
std::string installationDirectory(const std::string& program) {
  std::string path = program;
  if (path.find('/') == std::string::npos) path = core::ownExecutable();
  return core::directoryOf(core::directoryOf(path));
}

core::Status findFile(CommandLine& line) {
  auto above = installationDirectory(line.program);
  if (!above.empty() && !above.ends_with('/')) above += '/';
  const std::vector<std::string> paths{
      above + "etc/supervisord.conf", above + "supervisord.conf", "supervisord.conf",
      "etc/supervisord.conf",         "/etc/supervisord.conf",    "/etc/supervisor/supervisord.conf"};
  if (::getuid() == 0)
    line.notice =
        "UserWarning: Supervisord is running as root and it is searching for its configuration file in default "
        "locations "
        "(the working directory is one of them): name the file with -c and an absolute path.\n";
  for (const auto& path : paths) {
    if (!core::exists(path)) continue;
    line.fileAsTyped = path;
    return {};
  }
  return refuse("No config file found at default paths (" + core::join(paths, ", ") +
                "); use the -c option to specify a config file at a different path");
}

}  // namespace

core::Expected<CommandLine> parseCommandLine(const std::vector<std::string>& arguments) {
  CommandLine line;
  line.program = arguments.empty() ? "supervisord" : arguments[0];
  line.startDirectory = core::currentDirectory();
  const auto given = parseOptions(std::span(arguments).subspan(arguments.empty() ? 0 : 1), kSpecs);
  if (!given) return core::Err{given.error()};
  std::set<const OptionSpec*> seen;
  for (const auto& option : *given) {
    if (option.spec->shortName == 'h' || option.spec->shortName == '?') line.action = CommandLine::Action::Help;
    if (option.spec->shortName == 'v') line.action = CommandLine::Action::Version;
    // Before later options are checked, as in Supervisor.
    if (line.action == CommandLine::Action::Help || line.action == CommandLine::Action::Version) return line;
    if (const auto status = apply(option, line); !status) return core::Err{status.error()};
    if (!seen.insert(option.spec).second)
      return refuse("conflicting command line option " + core::pythonRepr(option.typed));
  }
  if (line.overlaid && line.action != CommandLine::Action::Check) return refuse("option --overlay requires --check");
  if (line.action == CommandLine::Action::CheckState) return line;  // the state has all that a file would
  const bool named = std::any_of(seen.begin(), seen.end(), [](const auto* spec) { return spec->shortName == 'c'; });
  if (!named)
    if (const auto status = findFile(line); !status) return core::Err{status.error()};
  line.file = core::absolutePath(line.fileAsTyped, line.startDirectory);
  return line;
}

std::string usageError(const std::string& program, const std::string& text) {
  return "Error: " + text + "\nFor help, use " + program + " -h\n";
}

}  // namespace config
