// SPDX-License-Identifier: MIT
#include "ctl/supervisor-manager/session.hpp"

#include <fnmatch.h>
#include <unistd.h>

#include <set>
#include <utility>

#include "ctl/supervisor-manager/advice.hpp"
#include "ctl/supervisor-manager/agent.hpp"
#include "ctl/supervisor-manager/external.hpp"
#include "ctl/supervisor-manager/json.hpp"
#include "ctl/supervisor-manager/output.hpp"

namespace manager {

namespace {

/// The word as a user would type it in a shell: quoted only if it has to be.
std::string shellWord(const std::string& word) {
  constexpr const char* plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";
  if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
  return shellQuoted(word);
}

bool isPattern(const std::string& name) { return name.find_first_of("*?[") != std::string::npos; }

}  // namespace

std::vector<std::string> namesOf(const std::vector<InstanceRow>& rows) {
  std::vector<std::string> names;
  for (const auto& row : rows) names.push_back(row.name);
  return names;
}

Session::Session(Options given) : options(std::move(given)) {}

Session::~Session() { endAgent(agent_); }

Client* Session::client() {
  if (client_) return client_.get();
  // Root is never asked, and the remote manager of -H cannot reach an agent on this terminal.
  const bool interactive = !options.noAskPassword && options.host.empty() && ::isatty(STDIN_FILENO) && ::geteuid() != 0;
  auto connected = Client::connect({options.busAddress, options.host, interactive});
  if (!connected) {
    fail(connected.error());
    return nullptr;
  }
  if (interactive && options.busAddress.empty()) agent_ = startAgent();
  client_ = std::move(*connected);
  return client_.get();
}

const std::vector<InstanceRow>* Session::instances() {
  if (instances_) return &*instances_;
  auto* connection = client();
  if (!connection) return nullptr;
  auto list = connection->list();
  if (!list) {
    fail(list.error());
    return nullptr;
  }
  instances_ = std::move(*list);
  return &*instances_;
}

std::vector<InstanceRow> Session::select(const std::vector<std::string>& patterns, bool all) {
  const auto* known = instances();
  if (!known) return {};
  if (patterns.empty() && all) return *known;
  std::vector<InstanceRow> chosen;
  std::set<std::string> taken;
  for (const auto& pattern : patterns) {
    bool fits = false;
    for (const auto& row : *known) {
      const bool same = isPattern(pattern) ? ::fnmatch(pattern.c_str(), row.name.c_str(), 0) == 0 : pattern == row.name;
      fits = fits || same;
      if (same && taken.insert(row.name).second) chosen.push_back(row);
    }
    if (fits) continue;
    if (isPattern(pattern))
      fail(NoSuchName, "No instance matches '" + pattern + "'");
    else
      fail(NoSuchName, noSuchInstance(pattern, namesOf(*known)).text);
  }
  return chosen;
}

std::optional<InstanceRow> Session::find(const std::string& name) {
  const auto* known = instances();
  if (!known) return std::nullopt;
  for (const auto& row : *known)
    if (row.name == name) return row;
  fail(NoSuchName, noSuchInstance(name, namesOf(*known)).text);
  return std::nullopt;
}

ExitCode Session::fail(const Failure& failure, const std::string& what) {
  const auto advice = adviseOn(failure, options.host);
  const bool named = what.empty() || advice.text.starts_with(what + ":");
  const auto text = named ? advice.text : what + ": " + advice.text;
  return advice.code == Denied ? deny(text) : fail(advice.code, text);
}

ExitCode Session::deny(const std::string& text) {
  fail(Denied, text);
  if (::geteuid() == 0 || std::exchange(rootHintShown_, true)) return code_;
  std::string command = "sudo supervisor-manager";
  for (const auto& word : options.words)
    if (!word.starts_with("--bus-address=")) command += ' ' + shellWord(word);
  complain("As root: " + command);
  return code_;
}

ExitCode Session::fail(ExitCode code, const std::string& text) {
  complain(text);
  if (firstFailure_.empty()) firstFailure_ = text;
  note(code);
  return code_;
}

ExitCode Session::finish(ExitCode code) const {
  if (options.json && code != Success && !hasPrinted()) print(json::error(code, firstFailure_) + "\n");
  return code;
}

void Session::note(ExitCode code) noexcept {
  if (code_ == Success) code_ = code;
}

}  // namespace manager
