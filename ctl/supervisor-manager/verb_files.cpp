// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>

#include "ctl/supervisor-manager/external.hpp"
#include "ctl/supervisor-manager/verbs.hpp"
#include "lib/core/users.hpp"

namespace manager {

namespace {

/// Root gives up its rights for those of the instance's owner: what the owner wrote must not act on root's files.
bool becomeOwner(Session& session, const Properties& properties) {
  const auto uid = static_cast<uid_t>(numberOf(properties, "UID"));
  if (::geteuid() != 0 || uid == 0) return true;
  const auto account = core::findAccount(uid);
  if (!account) {
    session.fail(Failed, fmt::format("the owner of the instance, user id {}, is not an account", uid));
    return false;
  }
  const auto identity = core::identityOf(*account, static_cast<gid_t>(numberOf(properties, "GID")));
  if (const int code = core::dropTo(identity); code != 0) {
    session.fail(Failed, fmt::format("cannot become {}: {}", account->name, std::strerror(code)));
    return false;
  }
  ::setenv("HOME", account->home.c_str(), 1);
  ::setenv("USER", account->name.c_str(), 1);
  ::setenv("LOGNAME", account->name.c_str(), 1);
  return true;
}

std::vector<std::string> withVerb(const Options& options, std::vector<std::string> flags) {
  flags.insert(flags.begin(), options.verb);
  flags.insert(flags.end(), options.arguments.begin(), options.arguments.end());
  return flags;
}

/// Log files that one account reads.
struct OwnersLogs {
  Properties owner;
  std::vector<std::string> files;
};

ExitCode becomeTail(Session& session, const OwnersLogs& logs, bool named) {
  if (!becomeOwner(session, logs.owner)) return session.code();
  std::vector<std::string> words{"tail", fmt::format("--lines={}", session.options.lines)};
  if (session.options.follow) words.emplace_back("-F");  // by name: rotation is followed
  if (named) words.emplace_back("--verbose");
  words.emplace_back("--");
  words.insert(words.end(), logs.files.begin(), logs.files.end());
  return become(session, words);
}

/// One reader for each owner: one after the other, or side by side where they go on.
ExitCode tailAll(Session& session, const std::vector<OwnersLogs>& all) {
  bool failed = false;
  std::size_t running = 0;
  const auto waitForOne = [&] {
    int status = 0;
    if (::wait(&status) > 0) failed |= !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    running--;
  };
  for (const auto& one : all) {
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(becomeTail(session, one, true));
    if (pid < 0) return session.fail(Failed, fmt::format("cannot fork: {}", std::strerror(errno)));
    running++;
    if (!session.options.follow) waitForOne();
  }
  while (running > 0) waitForOne();
  return failed ? Failed : Success;
}

}  // namespace

ExitCode logs(Session& session) {
  const auto& options = session.options;
  const std::string lines = fmt::format("--lines={}", options.lines);
  std::vector<std::string> flags{lines};
  if (options.follow) flags.emplace_back("--follow");
  if (!options.host.empty()) return becomeRemote(session, withVerb(options, flags));
  if (options.arguments.empty()) {
    std::vector<std::string> words{"journalctl", "--unit=supervisor-manager.service", lines};
    if (options.follow) words.emplace_back("--follow");
    if (options.noPager) words.emplace_back("--no-pager");
    return become(session, words);
  }
  std::map<std::uint64_t, OwnersLogs> byOwner;
  for (const auto& row : session.select(options.arguments)) {
    const auto properties = session.client()->instanceProperties(row.path);
    if (!properties) return session.fail(properties.error(), row.name);
    // Without root's rights this is one reader, whoever it is.
    auto& owners = byOwner[::geteuid() == 0 ? numberOf(*properties, "UID") : 0];
    owners.owner = *properties;
    owners.files.push_back(textOf(*properties, "LogFile"));
  }
  if (session.code() != Success || byOwner.empty()) return session.code();
  if (byOwner.size() == 1) return becomeTail(session, byOwner.begin()->second, false);
  std::vector<OwnersLogs> all;
  for (auto& [uid, owners] : byOwner) all.push_back(std::move(owners));
  return tailAll(session, all);
}

ExitCode ctl(Session& session) {
  const auto& options = session.options;
  if (!options.host.empty()) return becomeRemote(session, withVerb(options, {}));
  const auto row = session.find(options.arguments.front());
  if (!row) return session.code();
  const auto properties = session.client()->instanceProperties(row->path);
  if (!properties) return session.fail(properties.error(), row->name);
  const std::string program = ownProgram("supervisorctl");
  if (!becomeOwner(session, *properties)) return session.code();
  std::vector<std::string> words{program, "-c", textOf(*properties, "ConfigurationFile")};
  words.insert(words.end(), options.arguments.begin() + 1, options.arguments.end());
  return become(session, words);
}

}  // namespace manager
