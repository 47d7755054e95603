// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "instance/config/command_line.hpp"
#include "instance/config/model.hpp"
#include "instance/config/sources.hpp"
#include "lib/core/result.hpp"

namespace config {

/// Reads, merges, expands and validates the configuration file of `line`; values of the command line override it. Used
/// for a start, a reread and a restart: it changes nothing outside its result. The error text is complete: reason, key,
/// section, file, line. Only a start skips an included file that it cannot read (Unreadable::Skipped): later that would
/// stop its programs.
/// `scaling`: the numbers of processes that count in place of those of the files.
[[nodiscard]] core::Expected<Configuration> load(const CommandLine& line, Unreadable unreadable = Unreadable::Refused,
                                                 const Scaling& scaling = {});

/// The processes of a section `[program:NAME]` with these options in `group`, in start order, as if the section were
/// part of `base`. `messages` gets the warnings; null: nobody wants them.
[[nodiscard]] core::Expected<std::vector<std::shared_ptr<const ProcessConfig>>> parsePrograms(
    const Configuration& base, const std::string& name, const std::string& group,
    const std::vector<std::pair<std::string, std::string>>& options, GroupConfig::Kind kind,
    std::vector<Message>* messages = nullptr);

/// SUPERVISOR_SERVER_URL of programs without a serverurl: the first Unix socket, else the last inet server; empty if
/// there is no server.
[[nodiscard]] std::string fallbackServerUrl(const std::vector<HttpServer>& servers);

}  // namespace config
