// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/settings_loader.hpp"

#include <unistd.h>

#include <array>
#include <optional>
#include <string_view>

#include "ctl/supervisorctl/link_name.hpp"
#include "ctl/supervisorctl/rights.hpp"
#include "lib/core/expansion.hpp"
#include "lib/core/files.hpp"
#include "lib/core/ini.hpp"
#include "lib/core/terminal_text.hpp"
#include "lib/core/text.hpp"

namespace ctl {
namespace {

using Step = core::Result<void, SettingsError>;

constexpr std::size_t kPasswordLimit = 4096;
constexpr std::string_view kOwnPlugin = "supervisor.supervisorctl:DefaultControllerPlugin";

core::Err<SettingsError> usage(std::string text) {
  return core::Err{SettingsError{std::move(text), 2}};
}

/// The first configuration file of Supervisor's search path that exists.
std::optional<std::string> searchConfig(const std::string& program) {
  const std::string above = core::directoryOf(core::directoryOf(program));
  const std::string prefix = above.empty() || above.ends_with('/') ? above : above + '/';
  const std::array<std::string, 6> places{
      prefix + "etc/supervisord.conf", prefix + "supervisord.conf", "supervisord.conf",
      "etc/supervisord.conf",          "/etc/supervisord.conf",     "/etc/supervisor/supervisord.conf"};
  for (const std::string& place : places)
    if (core::exists(place)) return place;
  return std::nullopt;
}

/// Reads one [supervisorctl] section into settings.
class SectionReader {
 public:
  SectionReader(const core::IniDocument& document, const core::IniSection& section, const std::string& file)
      : document_(document), section_(section), environment_(core::environmentNames()), withHere_(&environment_) {
    withHere_.set("here", core::directoryOf(core::absolutePath(file, core::currentDirectory())));
  }

  Step read(Settings& settings) {
    std::optional<std::string> url, prompt, history;
    for (const auto& [key, target, here] :
         {Key{"serverurl", &url, true}, Key{"prompt", &prompt, false}, Key{"username", &settings.username, false},
          Key{"password", &settings.password, false}, Key{"history_file", &history, true}}) {
      if (Step done = take(key, *target, here); !done) return done;
    }
    if (prompt) settings.prompt = core::printable(*prompt);
    if (url) settings.serverUrl = url->starts_with("unix://") ? "unix://" + normal(url->substr(7)) : *url;
    if (history && !history->empty()) settings.historyFile = normal(*history);
    return {};
  }

 private:
  struct Key {
    std::string_view name;
    std::optional<std::string>* target;
    bool here;
  };

  static std::string normal(const std::string& path) {
    return core::absolutePath(core::expandHome(path), core::currentDirectory());
  }

  Step take(std::string_view key, std::optional<std::string>& target, bool here) {
    const core::IniEntry* entry = document_.get(section_, key);
    if (!entry) return {};
    auto value = core::expand(entry->value, here ? withHere_ : environment_, "supervisorctl." + std::string(key));
    if (!value) return usage(value.error().text);
    target = std::move(value).value();
    return {};
  }

  const core::IniDocument& document_;
  const core::IniSection& section_;
  core::Names environment_;
  core::Names withHere_;
};

/// Plug-ins of Supervisor's client are Python modules; the one that Supervisor ships is built in. Any other is left
/// out: what it would add is missing, which is no reason for the rest to fail.
Step checkPlugins(const core::IniDocument& document, const std::string& file, Settings& settings) {
  for (const core::IniSection& section : document.sections()) {
    if (!section.name().starts_with("ctlplugin:")) continue;
    const core::IniEntry* factory = document.get(section, "supervisor.ctl_factory");
    if (!factory) return usage("section [" + section.name() + "] does not specify a supervisor.ctl_factory");
    if (factory->value == kOwnPlugin) continue;
    settings.warnings.push_back(file + ": section [" + section.name() + "]: " + factory->value +
                                " is Python code and is not loaded; its commands are missing here. Names with "
                                "'*', '?' or '[' are patterns in every command.");
  }
  return {};
}

Step readConfig(const std::string& file, bool trust, Settings& settings) {
  // Looked at when the rights were chosen, too; but it may have come since, into a directory for everybody.
  if (!core::exists(file) || (!trust && isForOthers(file, true))) return usage("could not find config file " + file);
  auto document = core::IniDocument::read(file);
  if (!document) {
    if (document.error().code != 0) return usage("could not read config file " + file);
    return core::Err{SettingsError{document.error().text, 1}};
  }
  const core::IniSection* section = document->find("supervisorctl");
  if (!section) return usage(".ini file does not include supervisorctl section");
  if (Step done = SectionReader(*document, *section, file).read(settings); !done) return done;
  return checkPlugins(*document, file, settings);
}

Step readPassword(const std::string& file, Settings& settings) {
  // /dev/stdin is a pipe or a terminal, which readFile() refuses: it takes regular files only.
  std::string text;
  if (file == "-") {
    std::array<char, kPasswordLimit> bytes;
    const ssize_t count = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (count > 0) text.assign(bytes.data(), static_cast<std::size_t>(count));
  } else {
    auto content = core::readFile(file, kPasswordLimit);
    if (!content) return usage("could not read password file: " + content.error().text);
    text = std::move(content).value();
  }
  settings.password = text.substr(0, text.find_first_of("\r\n"));
  return {};
}

}  // namespace

ConfigChoice chooseConfig(const CommandLine& line, const std::string& program) {
  if (line.configFile) return {line.configFile};
  const auto linked = linkedInstance(program);
  if (!linked) return {searchConfig(program)};
  // With a server given, the instance's file is a source of the rest, not a must.
  if (!line.serverUrl || core::exists(linked->configFile)) return {linked->configFile, true};
  return {std::nullopt, true};
}

std::string serverUrlOf(const CommandLine& line, const ConfigChoice& config) {
  Settings settings;
  if (config.file) static_cast<void>(readConfig(*config.file, line.trust, settings).has_value());
  return line.serverUrl.value_or(settings.serverUrl);
}

core::Result<Settings, SettingsError> loadSettings(const CommandLine& line, const std::string& program,
                                                   const ConfigChoice& config) {
  Settings settings;
  settings.program = program;
  if (config.file)
    if (Step done = readConfig(*config.file, line.trust, settings); !done) return core::Err{std::move(done).error()};
  if (line.serverUrl) settings.serverUrl = *line.serverUrl;
  if (line.username) settings.username = line.username;
  if (line.password) settings.password = line.password;
  if (line.passwordFile)
    if (Step done = readPassword(*line.passwordFile, settings); !done) return core::Err{std::move(done).error()};
  if (line.historyFile) settings.historyFile = *line.historyFile;
  settings.trust = line.trust;
  // A link in another account's directory would have root write where that account likes.
  if (!line.trust && isForOthers(settings.historyFile, true)) settings.historyFile.clear();
  settings.interactive = line.interactive || line.action.empty();
  settings.action = line.action;
  return settings;
}

}  // namespace ctl
