// SPDX-License-Identifier: MIT
#pragma once

#include "lib/dialect/context.hpp"
#include "lib/dialect/section_reader.hpp"

namespace config {

struct LogReading {
  ReadContext& context;
  SectionReader& in;
  const core::Names& names;
  bool first;  ///< the first process of its section: warnings are logged once
};

/// Reads the keys about a process's output: std*_logfile, _maxbytes, _backups, _syslog; or Supervisor 2's logfile,
/// log_stdout and log_stderr if the section has only these.
void readLogs(const LogReading& reading, ProcessConfig& process);

}  // namespace config
