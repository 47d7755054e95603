// SPDX-License-Identifier: MIT
#include "instance/config/daemon_section.hpp"

#include <unistd.h>

#include <cstdlib>

#include "instance/config/command_line.hpp"
#include "instance/config/model.hpp"
#include "lib/core/files.hpp"
#include "lib/core/shell_words.hpp"
#include "lib/core/text.hpp"
#include "lib/dialect/context.hpp"
#include "lib/dialect/notices.hpp"
#include "lib/dialect/programs.hpp"
#include "lib/dialect/section_reader.hpp"
#include "lib/dialect/values.hpp"

namespace config {
namespace {

/// The directory for temporary files, by the rules of Python's tempfile module.
std::string temporaryDirectory() {
  const auto usable = [](const char* path) {
    return path && *path && core::isDirectory(path) && ::access(path, W_OK | X_OK) == 0;
  };
  for (const char* variable : {"TMPDIR", "TEMP", "TMP"})
    if (const char* path = ::getenv(variable); usable(path)) return path;
  for (const char* path : {"/tmp", "/var/tmp", "/usr/tmp"})
    if (usable(path)) return path;
  return core::currentDirectory();
}

template <class T, class Given>
void override(T& value, const std::optional<Given>& given) {
  if (given) value = *given;
}

void applyCommandLine(const CommandLine& line, Daemon& daemon) {
  override(daemon.minFds, line.minFds);
  override(daemon.minProcs, line.minProcs);
  override(daemon.directory, line.directory);
  override(daemon.umask, line.umask);
  override(daemon.logFile, line.logFile);
  override(daemon.logMaxBytes, line.logMaxBytes);
  override(daemon.logBackups, line.logBackups);
  override(daemon.logLevel, line.logLevel);
  override(daemon.pidFile, line.pidFile);
  override(daemon.identifier, line.identifier);
  override(daemon.childLogDir, line.childLogDir);
  daemon.noDaemon |= line.noDaemon;
  daemon.silent |= line.silent;
  daemon.noCleanup |= line.noCleanup;
  daemon.stripAnsi |= line.stripAnsi;
}

/// Reads a path of the daemon. After a chdir() a relative path still refers to the directory of the start: otherwise a
/// restart would search elsewhere.
void takePath(SectionReader& in, const ReadContext& context, std::string_view key,
              core::Expected<std::string> (*parse)(std::string_view, const DirectoryTest&), std::string& out) {
  auto text = in.text(key, context.withHere());
  if (!text) return;
  const bool relative = !text->empty() && !text->starts_with('/') && !text->starts_with('~');
  const bool checked = parse == static_cast<decltype(parse)>(parseDirectory) || text->find('/') != std::string::npos;
  if (relative && checked && core::currentDirectory() != context.startDirectory)
    text = core::absolutePath(*text, context.startDirectory);
  in.store(key, parse(*text, context.isDirectory), out);
}

core::Expected<ExitWhen> parseExitWhen(std::string_view text) {
  const auto word = core::lower(core::trim(text));
  if (word == "never") return ExitWhen::Never;
  if (word == "all_exited") return ExitWhen::AllExited;
  return refused(core::pythonRepr(text) + " is neither never nor all_exited");
}

void makeAbsolute(const std::string& base, Daemon& daemon) {
  if (daemon.logFile != "syslog") daemon.logFile = core::absolutePath(daemon.logFile, base);
  daemon.pidFile = core::absolutePath(daemon.pidFile, base);
  daemon.childLogDir = core::absolutePath(daemon.childLogDir, base);
  if (!daemon.stateFile.empty()) daemon.stateFile = core::absolutePath(daemon.stateFile, base);
  if (!daemon.directory.empty()) daemon.directory = core::absolutePath(daemon.directory, base);
}

void readEnvironment(ReadContext& context, SectionReader& in, Daemon& daemon) {
  auto names = context.withHere();
  names.set("host_node_name", core::hostName());
  const auto text = in.expanded("environment", in.raw("environment").value_or(""), names, "environment");
  if (!in.ok()) return;
  auto pairs = core::parseKeyValues(text);
  if (!pairs) return in.fail("environment", pairs.error().text);
  noteIgnored(context, in, text);
  daemon.environment = Environment(std::move(pairs).value());
  context.daemonEnvironment = daemon.environment;
  // Programs can use it in their values, as %(ENV_X)s.
  for (const auto& [key, value] : daemon.environment) context.environment.set("ENV_" + key, value);
}

}  // namespace

core::Expected<Daemon> readDaemon(ReadContext& context, const CommandLine& line) {
  const auto* section = context.document.find("supervisord");
  if (!section)
    return core::Err{core::Error{".ini file does not include supervisord section (file: '" + line.fileAsTyped + "')"}};
  SectionReader in(context.document, *section, SectionKind::Supervisord);
  const auto names = context.withHere();
  Daemon daemon;
  in.take("minfds", names, parseInteger, daemon.minFds);
  in.take("minprocs", names, parseInteger, daemon.minProcs);
  takePath(in, context, "directory", parseDirectory, daemon.directory);
  (void)in.text("user", names);  // looked up at the end: only its expansion can fail here
  in.take("umask", names, parseOctal, daemon.umask);
  takePath(in, context, "logfile", parseFilePath, daemon.logFile);
  if (daemon.logFile.empty()) in.fail("logfile", "the name of the log file is empty");
  in.take("logfile_maxbytes", names, parseByteSize, daemon.logMaxBytes);
  in.take("logfile_backups", names, parseInteger, daemon.logBackups);
  in.take("loglevel", names, parseLogLevel, daemon.logLevel);
  takePath(in, context, "pidfile", parseFilePath, daemon.pidFile);
  if (daemon.pidFile.empty()) in.fail("pidfile", "the name of the pid file is empty");
  takePath(in, context, "state_file", parseFilePath, daemon.stateFile);
  if (in.has("state_file") && daemon.stateFile.empty()) in.fail("state_file", "the name of the state file is empty");
  daemon.identifier = in.text("identifier", names).value_or("");
  in.take("nodaemon", names, parseBoolean, daemon.noDaemon);
  in.take("silent", names, parseBoolean, daemon.silent);
  daemon.childLogDir = temporaryDirectory();
  takePath(in, context, "childlogdir", parseDirectory, daemon.childLogDir);
  in.take("nocleanup", names, parseBoolean, daemon.noCleanup);
  in.take("strip_ansi", names, parseBoolean, daemon.stripAnsi);
  in.take("log_backpressure", names, parseBackpressure, daemon.backpressure);
  context.backpressure = daemon.backpressure;
  in.take("exit_when", names, parseExitWhen, daemon.exitWhen);
  readEnvironment(context, in, daemon);
  if (!in.ok()) return in.error();
  applyCommandLine(line, daemon);
  makeAbsolute(line.startDirectory, daemon);
  return daemon;
}

core::Status settleUser(const ReadContext& context, const CommandLine& line, Daemon& daemon) {
  SectionReader in(context.document, *context.document.find("supervisord"), SectionKind::Supervisord);
  if (line.user) {
    const auto uid = parseUser(*line.user);
    if (!uid) return core::Err{uid.error()};
    daemon.uid = *uid;
  } else {
    in.take("user", context.withHere(), parseUser, daemon.uid);
  }
  if (!in.ok()) return in.error();
  return {};
}

}  // namespace config
