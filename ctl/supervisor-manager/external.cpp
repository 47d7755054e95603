// SPDX-License-Identifier: MIT
#include "ctl/supervisor-manager/external.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>

#include "lib/core/program.hpp"
#include "lib/core/text.hpp"

namespace manager {

std::string shellQuoted(const std::string& word) { return "'" + core::replaceAll(word, "'", "'\\''") + "'"; }

std::string ownProgram(const std::string& name) {
  const auto beside = core::installedBeside(name);
  return beside.empty() ? name : beside;
}

ExitCode become(Session& session, const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  for (const auto& one : arguments) argv.push_back(const_cast<char*>(one.c_str()));
  argv.push_back(nullptr);
  std::signal(SIGPIPE, SIG_DFL);
  ::execvp(argv[0], argv.data());
  return session.fail(Failed, fmt::format("cannot run {}: {}", arguments[0], std::strerror(errno)));
}

ExitCode becomeRemote(Session& session, const std::vector<std::string>& arguments) {
  std::string command = "supervisor-manager";
  for (const auto& one : arguments) command += " " + shellQuoted(one);
  std::vector<std::string> words{"ssh"};
  // The remote side filters the texts of owners only if its output is a terminal, so it needs one if ours is. ssh
  // ignores a single "-t" unless its own input is a terminal.
  if (::isatty(STDIN_FILENO))
    words.emplace_back("-t");
  else if (::isatty(STDOUT_FILENO))
    words.emplace_back("-tt");
  words.insert(words.end(), {"--", session.options.host, command});
  return become(session, words);
}

}  // namespace manager
