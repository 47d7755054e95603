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
constexpr int kTabPatienceMs = 3000;  // a person waits for Tab, whatever the account does to its process
constexpr std::string_view kSocket = "unix://";

/// What others control, and what to call it.
struct Controlled {
  PathControl control;
  std::string what;
};

/// The first of the files, links and sockets of this call that is not root's alone; nullopt: none is.
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
  return core::Err{core::Error{what + ' ' + why +
                               ", and root does not act on what others write: give it to root alone or to one account, "
                               "run supervisorctl as an account, or use root's rights all the same with --trust"}};
}

std::string absolute(const std::string& path) { return core::absolutePath(path, core::currentDirectory()); }

/// The same call, in words that mean the same in any directory.
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

/// Whether these words may read what is typed: the others leave a script's input and what is typed ahead alone.
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
  if (!control.shared.empty()) return refused(what, "can be changed by others through " + control.shared);
  if (control.accounts.size() > 1) return refused(what, "can be changed by several accounts");
  const auto account = core::findAccount(*control.accounts.begin());
  if (!account)
    return refused(what, "belongs to user id " + std::to_string(*control.accounts.begin()) + ", which is no account");
  terminal::Guest guest{core::ownExecutable(), wordsFor(line, program, config), terminal::environmentOf(account),
                        core::identityOf(*account), core::currentDirectory()};
  guest.environment.push_back(std::string(kNote) + '=' + what);
  const bool completing = !line.action.empty() && line.action.front() == "__complete";
  auto status =
      terminal::run(guest, {.input = mayRead(line), .screen = true, .limitMs = completing ? kTabPatienceMs : 0});
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
         "; --trust uses root's rights";
}

}  // namespace ctl
