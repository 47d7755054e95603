// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/settings_loader.hpp"

#include <unistd.h>

#include <array>
#include <optional>
#include <string_view>

#include "ctl/supervisorctl/config_sources.hpp"
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
constexpr std::string_view kSerialRestart = ":make_serialrestart_controllerplugin";

core::Err<SettingsError> usage(std::string text) { return core::Err{SettingsError{std::move(text), 2}}; }

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
  /// `home` is the directory of the file.
  SectionReader(const core::IniDocument& document, const core::IniSection& section, const std::string& home)
      : document_(document), section_(section), environment_(core::environmentNames()), withHere_(&environment_) {
    withHere_.set("here", home);
  }

  /// The keys of [supervisorctl].
  Step read(SessionSettings& settings) const {
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

  static std::string normal(const std::string& path) {
    return core::absolutePath(core::expandHome(path), core::currentDirectory());
  }

  /// Stores the expanded value of one key in `target`, if the section has it; `here`: %(here)s is allowed.
  Step take(std::string_view key, std::optional<std::string>& target, bool here) const {
    const core::IniEntry* entry = document_.get(section_, key);
    if (!entry) return {};
    auto value = core::expand(entry->value, here ? withHere_ : environment_, section_.name() + '.' + std::string(key));
    if (!value) return usage(value.error().text);
    target = std::move(value).value();
    return {};
  }

 private:
  struct Key {
    std::string_view name;
    std::optional<std::string>* target;
    bool here;
  };

  const core::IniDocument& document_;
  const core::IniSection& section_;
  core::Names environment_;
  core::Names withHere_;
};

/// Plug-ins of Supervisor's client are Python modules, which cannot be loaded here. The one that Supervisor ships is
/// built in. For any other there is a warning; all other commands still work.
Step checkPlugins(const core::IniDocument& document, const std::string& file, SessionSettings& settings) {
  for (const core::IniSection& section : document.sections()) {
    if (!section.name().starts_with("ctlplugin:")) continue;
    const core::IniEntry* factory = document.get(section, "supervisor.ctl_factory");
    if (!factory) return usage("section [" + section.name() + "] does not specify a supervisor.ctl_factory");
    if (factory->value == kOwnPlugin) continue;
    settings.warnings.push_back(file + ": section [" + section.name() + "]: " + factory->value +
                                " is Python code and is not loaded; " +
                                (factory->value.ends_with(kSerialRestart)
                                     ? "its command serialrestart is built in: remove the section."
                                     : "its commands are missing here. Names with '*', '?' or '[' are patterns in "
                                       "every command."));
  }
  return {};
}

/// The URL for a port of [inet_http_server]: "9001", "*:9001" or "host:9001".
std::string urlOf(std::string_view address) {
  address = core::trim(address);
  const std::size_t colon = address.rfind(':');
  std::string host(colon == std::string_view::npos ? "" : address.substr(0, colon));
  if (host.empty() || host == "*" || host == "0.0.0.0" || host == "[::]") host = "localhost";
  return "http://" + host + ':' + std::string(address.substr(colon + 1));
}

/// Reads the address and the credentials from a server section of supervisord itself.
Step readServer(const SettingsSource& source, const SectionReader& values, SessionSettings& settings) {
  const bool socket = source.kind == SettingsSource::Kind::UnixServer;
  std::optional<std::string> where;
  if (Step done = values.take(socket ? "file" : "port", where, socket); !done) return done;
  if (Step done = values.take("username", settings.username, false); !done) return done;
  if (Step done = values.take("password", settings.password, false); !done) return done;
  if (settings.password && settings.password->starts_with('{')) settings.password.reset();  // a hash
  settings.serverUrl = socket ? "unix://" + SectionReader::normal(std::string(core::trim(*where))) : urlOf(*where);
  return {};
}

Step readSettings(core::IniDocument& document, const std::string& file, bool trust, SessionSettings& settings) {
  const std::string home = core::directoryOf(core::absolutePath(file, core::currentDirectory()));
  const SettingsSource source = findSettings(document, home, trust);
  if (source.kind == SettingsSource::Kind::None) {
    std::string text = ".ini file does not include supervisorctl section: neither " + file +
                       " nor a file that it includes has the address of supervisord; add [supervisorctl] with "
                       "serverurl, or give -s URL";
    for (const std::string& note : source.notes) text += "; " + note;
    return usage(text);
  }
  SectionReader values(document, *document.find(source.section), home);
  if (source.kind == SettingsSource::Kind::Section) return values.read(settings);
  return readServer(source, values, settings);
}

/// A file as a source of settings.
struct ConfigFile {
  std::string path;
  bool trust = false;
  bool serverGiven = false;  ///< by -s: the file does not need a section with the address
};

Step readConfig(const ConfigFile& file, SessionSettings& settings) {
  const std::string& path = file.path;
  // actAsOwner() has checked this already, but another account may have created the file since, for example in /tmp.
  if (!core::exists(path) || (!file.trust && isForOthers(path, true)))
    return usage("could not find config file " + path);
  auto document = core::IniDocument::read(path);
  if (!document) {
    if (document.error().code != 0) return usage("could not read config file " + path + ": " + document.error().text);
    return core::Err{SettingsError{document.error().text, 1}};
  }
  if (!file.serverGiven || document->find("supervisorctl"))
    if (Step done = readSettings(*document, path, file.trust, settings); !done) return done;
  return checkPlugins(*document, path, settings);
}

Step readPassword(const std::string& file, SessionSettings& settings) {
  // "-" instead of /dev/stdin: readFile() accepts regular files only.
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
  // With -s, the file of the instance is optional: it can only add a user and a password.
  if (!line.serverUrl || core::exists(linked->configFile)) return {linked->configFile, true};
  return {std::nullopt, true};
}

std::string serverUrlOf(const CommandLine& line, const ConfigChoice& config) {
  SessionSettings settings;
  if (config.file && !line.serverUrl)
    static_cast<void>(readConfig({*config.file, line.trust, false}, settings).has_value());
  return line.serverUrl.value_or(settings.serverUrl);
}

core::Result<SessionSettings, SettingsError> loadSettings(const CommandLine& line, const std::string& program,
                                                          const ConfigChoice& config) {
  SessionSettings settings;
  settings.program = program;
  const bool given = line.serverUrl.has_value();
  if (config.file) {
    // With -s, errors in a file that was not named on the command line are ignored: its settings are not needed.
    if (Step done = readConfig({*config.file, line.trust, given}, settings); !done && (!given || line.configFile))
      return core::Err{std::move(done).error()};
  }
  if (line.serverUrl) settings.serverUrl = *line.serverUrl;
  if (line.username) settings.username = line.username;
  if (line.password) settings.password = line.password;
  if (line.passwordFile)
    if (Step done = readPassword(*line.passwordFile, settings); !done) return core::Err{std::move(done).error()};
  if (line.historyFile) settings.historyFile = *line.historyFile;
  settings.trust = line.trust;
  // Through a link in the directory of another account, root would write to any file that this account chooses.
  if (!line.trust && isForOthers(settings.historyFile, true)) settings.historyFile.clear();
  settings.interactive = line.interactive || line.action.empty();
  settings.action = line.action;
  return settings;
}

}  // namespace ctl
