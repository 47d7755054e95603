// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <map>
#include <optional>

#include "ctl/supervisor-manager/external.hpp"
#include "ctl/supervisor-manager/output.hpp"
#include "ctl/supervisor-manager/verbs.hpp"
#include "lib/core/files.hpp"
#include "lib/core/terminal_text.hpp"
#include "lib/core/users.hpp"
#include "lib/terminal/guest.hpp"
#include "lib/terminal/relay.hpp"

namespace manager {

namespace {

/// `program` with the ids of the instance's owner if we are root, else with ours. The owner's files must not make it
/// act on root's files, and the owner, who can control such a process, must not get anything of root's through it.
/// nullopt after a message.
std::optional<terminal::Guest> guestOf(Session& session, const Properties& properties, const std::string& program,
                                       std::vector<std::string> arguments) {
  if (!properties.contains("UID") || !properties.contains("GID")) {
    session.fail(Failed, "the manager did not report the owner of the instance (properties UID and GID)");
    return std::nullopt;
  }
  const auto uid = static_cast<uid_t>(numberOf(properties, "UID"));
  arguments.insert(arguments.begin(), program);
  terminal::Guest guest{
      terminal::findProgram(program), std::move(arguments), {}, std::nullopt, core::currentDirectory()};
  std::optional<core::Account> account;
  if (::geteuid() == 0 && uid != 0) {
    account = core::findAccount(uid);
    if (!account) {
      session.fail(Failed, fmt::format("the owner of the instance, user id {}, does not have an account", uid));
      return std::nullopt;
    }
    guest.identity = core::identityOf(*account, static_cast<gid_t>(numberOf(properties, "GID")));
  }
  guest.environment = terminal::environmentOf(account);
  return guest;
}

ExitCode runGuest(Session& session, const terminal::Guest& guest, const terminal::Streams& streams) {
  const auto status = terminal::run(guest, streams);
  if (!status) return session.fail(Failed, status.error().text);
  return static_cast<ExitCode>(*status);
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

std::string linesOption(const Session& session) { return fmt::format("--lines={}", session.options.lines); }

ExitCode followLogs(Session& session, const OwnersLogs& logs, bool named) {
  std::vector<std::string> words{linesOption(session), "-F"};  // by name, so that tail survives a rotation
  if (named) words.emplace_back("--verbose");
  words.emplace_back("--");
  words.insert(words.end(), logs.files.begin(), logs.files.end());
  auto guest = guestOf(session, logs.owner, "tail", std::move(words));
  if (!guest) return session.code();
  guest->files = logs.files;
  return runGuest(session, *guest, {.raw = session.options.raw});
}

/// Runs one tail per file, with the file as standard input: the guest checks the type of the open file, and the owner
/// cannot replace it between that check and the read.
ExitCode showLogs(Session& session, const OwnersLogs& logs, bool named) {
  ExitCode code = Success;
  for (const auto& file : logs.files) {
    if (named || logs.files.size() > 1)
      print(fmt::format("{}==> {} <==\n", &file == &logs.files.front() ? "" : "\n", core::printable(file)));
    auto guest = guestOf(session, logs.owner, "tail", {linesOption(session)});
    if (!guest) return session.code();
    guest->files = {file};
    guest->readsFile = true;
    if (const auto done = runGuest(session, *guest, {.raw = session.options.raw}); done != Success) code = done;
  }
  return code;
}

ExitCode runTail(Session& session, const OwnersLogs& logs, bool named) {
  return session.options.follow ? followLogs(session, logs, named) : showLogs(session, logs, named);
}

/// Starts one reader per owner: one after the other, or in parallel with --follow.
ExitCode tailAll(Session& session, const std::vector<OwnersLogs>& all) {
  bool failed = false;
  std::size_t running = 0;
  const auto waitForOne = [&] {
    int status = 0;
    if (::wait(&status) > 0) failed |= !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    --running;
  };
  for (const auto& one : all) {
    const pid_t client = ::getpid(), pid = ::fork();
    if (pid == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);  // a reader that follows would outlive a killed client
      ::_exit(::getppid() == client ? runTail(session, one, true) : Failed);
    }
    if (pid < 0) return session.fail(Failed, fmt::format("cannot fork: {}", std::strerror(errno)));
    ++running;
    if (!session.options.follow) waitForOne();
  }
  while (running > 0) waitForOne();
  return failed ? Failed : Success;
}

std::string notYours(const InstanceRow& row, const char* what) {
  return fmt::format("Instance '{}' belongs to '{}'; this account does not have access to {}", row.name, row.user,
                     what);
}

/// Whether supervisorctl connects to the instance with these arguments (the first is NAME).
bool needsInstance(const std::vector<std::string>& arguments) {
  return arguments.size() < 2 || (!arguments[1].starts_with('-') && arguments[1] != "help");
}

/// Whether supervisorctl can read standard input with these arguments (the first is NAME). If it cannot, the relay must
/// not read either: it would consume the input of a script, or what a user types ahead.
bool mayRead(const std::vector<std::string>& arguments) {
  return arguments.size() < 2 || arguments[1].starts_with('-') || arguments[1] == "fg";
}

}  // namespace

ExitCode logs(Session& session) {
  const auto& options = session.options;
  const std::string lines = linesOption(session);
  std::vector<std::string> flags{lines};
  if (options.follow) flags.emplace_back("--follow");
  if (options.raw) flags.emplace_back("--raw");
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
    // Without root's rights all files are read by this account, in one reader.
    auto& owners = byOwner[::geteuid() == 0 ? numberOf(*properties, "UID") : 0];
    owners.owner = *properties;
    owners.files.push_back(textOf(*properties, "LogFile"));
    if (::geteuid() != 0 && ::access(owners.files.back().c_str(), R_OK) != 0 && errno == EACCES)
      return session.deny(notYours(row, "its log"));
  }
  if (session.code() != Success || byOwner.empty()) return session.code();
  if (byOwner.size() == 1) return runTail(session, byOwner.begin()->second, false);
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
  if (needsInstance(options.arguments) && (row->state == "inactive" || row->state == "failed"))
    return session.fail(NotRunning, fmt::format("Instance '{0}' does not run ({1}); start it first: supervisor-manager "
                                                "start {0}",
                                                row->name, row->state));
  if (::geteuid() != 0 && ::access(textOf(*properties, "Socket").c_str(), W_OK) != 0 && errno == EACCES)
    return session.deny(notYours(*row, "its programs"));
  const std::string program = ownProgram("supervisorctl");
  std::vector<std::string> words{"-c", textOf(*properties, "ConfigurationFile")};
  words.insert(words.end(), options.arguments.begin() + 1, options.arguments.end());
  const auto guest = guestOf(session, *properties, program, words);
  if (!guest) return session.code();
  if (guest->identity) return runGuest(session, *guest, {.input = mayRead(options.arguments), .screen = true});
  words.insert(words.begin(), program);
  return become(session, words);
}

}  // namespace manager
