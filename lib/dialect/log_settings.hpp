// SPDX-License-Identifier: MIT
#pragma once

#include "lib/dialect/context.hpp"
#include "lib/dialect/section_reader.hpp"

namespace config {

struct LogReading {
  ReadContext& context;
  SectionReader& in;
  const core::Names& names;
  bool first;  ///< the first process of its section: warnings are said once
};

/// Reads where a process's output goes: std*_logfile, _maxbytes, _backups, _syslog, or Supervisor 2's logfile,
/// log_stdout and log_stderr where the section has these and not today's keys.
void readLogs(const LogReading& reading, ProcessConfig& process);

}  // namespace config
