// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/rights.hpp"

#include <unistd.h>

#include <cstdlib>
#include <utility>
#include <vector>

#include "ctl/supervisorctl/path_control.hpp"
#include "lib/core/files.hpp"
#include "lib/core/program.hpp"
#include "lib/core/users.hpp"
#include "lib/terminal/guest.hpp"
#include "lib/terminal/relay.hpp"

namespace ctl {
namespace {

constexpr const char* kNote = "SUPERVISORCTL_ACTS_FOR";
constexpr int kCompletionLimitMs = 3000;  // the account can stop its process, and the user waits after pressing Tab
constexpr std::string_view kSocket = "unix://";

/// A path that others control, and its name for messages.
struct Controlled {
  PathControl control;
  std::string what;
};

/// The first file, link or socket of this call that is not controlled by root alone; nullopt: there is none.
std::optional<Controlled> findControlled(const CommandLine& line, const std::string& program,
                                         const ConfigChoice& config) {
  PathControl control;
  if (config.byLink) control.add(controlOf(program, true));
  if (config.file) control.add(controlOf(*config.file, true));
  if (control.isOthers()) return Controlled{control, config.file.value_or(program)};
  const std::string url = serverUrlOf(line, config);
  if (!url.starts_with(kSocket)) return std::nullopt;
  const std::string socket = url.substr(kSocket.size());
  control = controlOf(socket, false);
  if (!control.isOthers()) return std::nullopt;
  return Controlled{control, socket};
}

core::Err<core::Error> refused(const std::string& what, const std::string& why) {
  return core::Err{
      core::Error{what + ' ' + why +
                  ", so root does not use it: change its owner to root or to one account, run supervisorctl "
                  "as an account, or keep root's rights with --trust"}};
}

std::string absolute(const std::string& path) { return core::absolutePath(path, core::currentDirectory()); }

/// The same command line with absolute paths: the guest runs in another directory.
std::vector<std::string> wordsFor(const CommandLine& line, const std::string& program, const ConfigChoice& config) {
  std::vector<std::string> words{program};
  const auto add = [&words](const char* option, std::string value) {
    words.emplace_back(option);
    words.push_back(std::move(value));
  };
  if (config.file) add("-c", absolute(*config.file));
  if (line.serverUrl) add("-s", *line.serverUrl);
  if (line.username) add("-u", *line.username);
  if (line.password) add("-p", *line.password);
  if (line.passwordFile) add("--password-file", *line.passwordFile == "-" ? "-" : absolute(*line.passwordFile));
  if (line.historyFile) add("-r", absolute(*line.historyFile));
  if (line.interactive) words.emplace_back("-i");
  words.emplace_back("--");
  words.insert(words.end(), line.action.begin(), line.action.end());
  return words;
}

/// Whether the command can read standard input. If it cannot, the relay must not read either: it would consume the
/// input of a script, or what a user types ahead.
bool mayRead(const CommandLine& line) {
  return line.interactive || line.action.empty() || line.action.front() == "fg" || line.passwordFile == "-";
}

}  // namespace

core::Expected<std::optional<int>> actAsOwner(const CommandLine& line, const std::string& program,
                                              const ConfigChoice& config) {
  if (::geteuid() != 0 || line.trust) return std::optional<int>();
  const auto found = findControlled(line, program, config);
  if (!found) return std::optional<int>();
  const auto& [control, what] = *found;
  if (!control.shared.empty()) return refused(what, "can be changed by other accounts through " + control.shared);
  if (control.accounts.size() > 1) return refused(what, "can be changed by several accounts");
  const auto account = core::findAccount(*control.accounts.begin());
  if (!account)
    return refused(
        what, "belongs to user id " + std::to_string(*control.accounts.begin()) + ", which does not have an account");
  terminal::Guest guest{core::ownExecutable(), wordsFor(line, program, config), terminal::environmentOf(account),
                        core::identityOf(*account), core::currentDirectory()};
  guest.environment.push_back(std::string(kNote) + '=' + what);
  const bool completing = !line.action.empty() && line.action.front() == "__complete";
  auto status =
      terminal::run(guest, {.input = mayRead(line), .screen = true, .limitMs = completing ? kCompletionLimitMs : 0});
  if (!status) return core::Err{std::move(status).error()};
  return std::optional(*status);
}

bool isForOthers(const std::string& path, bool content) {
  return ::geteuid() == 0 && !controlOf(path, content).isRootsAlone();
}

bool leadsToOthers(const std::string& url) {
  return url.starts_with(kSocket) && isForOthers(url.substr(kSocket.size()), false);
}

std::string rightsNote() {
  const char* what = std::getenv(kNote);
  const auto account = what ? core::findAccount(::geteuid()) : std::nullopt;
  if (!account) return {};
  return std::string(what) + " is controlled by " + account->name + ", so root acted as " + account->name +
         "; to keep root's rights, use --trust";
}

}  // namespace ctl
