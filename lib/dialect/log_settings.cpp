// SPDX-License-Identifier: MIT
#include "lib/dialect/log_settings.hpp"

#include <algorithm>
#include <array>

#include "lib/core/text.hpp"
#include "lib/dialect/values.hpp"

namespace config {
namespace {

/// The names of one channel's keys, those of Supervisor 3 and 4 or those of Supervisor 2.
struct ChannelKeys {
  const char* file;
  const char* maxBytes;
  const char* backups;
  const char* syslog;  ///< null where there is no such key
};
constexpr ChannelKeys kStdoutKeys{"stdout_logfile", "stdout_logfile_maxbytes", "stdout_logfile_backups",
                                  "stdout_syslog"};
constexpr ChannelKeys kStderrKeys{"stderr_logfile", "stderr_logfile_maxbytes", "stderr_logfile_backups",
                                  "stderr_syslog"};
constexpr ChannelKeys kOldKeys{"logfile", "logfile_maxbytes", "logfile_backups", nullptr};

/// Returns whether the text is the deprecated word "syslog", which also turns the system log on.
bool setTarget(const LogReading& reading, const ChannelKeys& keys, const std::string& text, LogSettings& log) {
  const std::string word = core::lower(text);
  if (word == "auto") {
    log.target = LogSettings::Target::Auto;
  } else if (word == "none" || word == "off" || word == "syslog") {
    log.target = LogSettings::Target::None;
  } else {
    reading.in.store(keys.file, parseFilePath(text, reading.context.isDirectory), log.path);
    log.target = log.path.empty() ? LogSettings::Target::None : LogSettings::Target::File;
  }
  return word == "syslog";
}

void readChannel(const LogReading& reading, const ChannelKeys& keys, LogSettings& log) {
  auto& in = reading.in;
  const auto once = in.text(keys.file, reading.names);
  // Supervisor expands the name of a log file twice, so configurations write "%%%%" for a percent sign.
  const auto text = in.expanded(keys.file, once.value_or(""), reading.names, keys.file);
  const bool toSyslog = setTarget(reading, keys, text, log);
  in.take(keys.backups, reading.names, parseInteger, log.backups);
  in.take(keys.maxBytes, reading.names, parseByteSize, log.maxBytes);
  if (keys.syslog) in.take(keys.syslog, reading.names, parseBoolean, log.syslog);
  if (toSyslog) log.syslog = true;
  if (!in.ok() || !reading.first) return;
  if (toSyslog)
    reading.context.warn("For [" + in.name() + "], " + keys.file +
                         "=syslog but this is deprecated and will be removed.  Use " +
                         (keys.syslog ? keys.syslog : "stdout_syslog") + "=true to enable syslog instead.");
  if (log.target == LogSettings::Target::Auto && log.maxBytes == 0)
    reading.context.warn("For [" + in.name() + "], AUTO logging used for " + keys.file +
                         " without rollover, set maxbytes > 0 to avoid filling up filesystem unintentionally");
}

/// Whether the section uses Supervisor 2's keys: it has one of them, and none of the present keys for the same purpose.
bool usesOldKeys(const SectionReader& in) {
  constexpr std::array old{"logfile", "logfile_maxbytes", "logfile_backups", "log_stdout", "log_stderr"};
  constexpr std::array present{"stdout_logfile", "stderr_logfile", "redirect_stderr"};
  const auto given = [&](const char* key) { return in.has(key); };
  return std::any_of(old.begin(), old.end(), given) && std::none_of(present.begin(), present.end(), given);
}

/// Supervisor 2 had one log for both channels; log_stdout and log_stderr selected the channels, the other was
/// discarded.
void readOldLogs(const LogReading& reading, ProcessConfig& process) {
  bool out = true, err = false;
  reading.in.take("log_stdout", reading.names, parseBoolean, out);
  reading.in.take("log_stderr", reading.names, parseBoolean, err);
  LogSettings& log = !out && err ? process.err : process.out;
  readChannel(reading, kOldKeys, log);
  if (log.backups == 0) log.backups = kUnlimitedBackups;
  if (!out) process.out.target = LogSettings::Target::None;
  if (!err || out) process.err.target = LogSettings::Target::None;
  process.redirectStderr = out && err;
}

}  // namespace

void readLogs(const LogReading& reading, ProcessConfig& process) {
  if (usesOldKeys(reading.in)) return readOldLogs(reading, process);
  readChannel(reading, kStdoutKeys, process.out);
  readChannel(reading, kStderrKeys, process.err);
  if (!process.redirectStderr) return;
  if (process.err.target == LogSettings::Target::File && reading.first)
    reading.context.warn("For [" + reading.in.name() +
                         "], redirect_stderr=true but stderr_logfile has also been set to a filename, the filename has "
                         "been ignored");
  process.err.target = LogSettings::Target::None;
  process.err.path.clear();
}

}  // namespace config
