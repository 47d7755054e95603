// SPDX-License-Identifier: MIT
// For conformance tests: prints the results of our readers as JSON, one object per line.
//   config_dump ini FILE...         sections and entries of each file
//   config_dump config FILE...      the configuration of each file, or its error
//   config_dump options ARGUMENT... the command line
//   config_dump words TEXT...       each text split as a command
//   config_dump pairs TEXT...       each text as a list of KEY=value
//   config_dump expand TEXT...      each text expanded, with s = "text", u = "h\u00e9" and n = 7
#include <fmt/format.h>

#include <cstdio>
#include <cstring>

#include "instance/config/load.hpp"
#include "lib/core/expansion.hpp"
#include "lib/core/ini.hpp"
#include "lib/core/shell_words.hpp"

namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += std::string("\\") + c;
    else if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\u{:04x}", c);
    else
      out += c;
  }
  return out + "\"";
}

template <class List, class Show>
std::string array(const List& list, Show show) {
  std::string out = "[";
  for (const auto& item : list) out += (out.size() > 1 ? "," : "") + show(item);
  return out + "]";
}

std::string text(const std::optional<std::string>& value) { return value ? quoted(*value) : "null"; }
template <class T>
std::string number(const std::optional<T>& value) {
  return value ? fmt::format("{}", *value) : "null";
}
std::string owner(const std::optional<std::pair<uid_t, gid_t>>& value) {
  return value
             ? fmt::format("[{},{}]", static_cast<std::int32_t>(value->first), static_cast<std::int32_t>(value->second))
             : "null";
}

std::string logText(const char* channel, const config::LogSettings& log) {
  using Target = config::LogSettings::Target;
  const auto file = log.target == Target::None ? "null" : quoted(log.target == Target::Auto ? "AUTO" : log.path);
  return fmt::format(
      R"("{0}_logfile":{1},"{0}_logfile_maxbytes":{2},"{0}_logfile_backups":{3},"{0}_capture_maxbytes":{4},)"
      R"("{0}_events_enabled":{5},"{0}_syslog":{6},)",
      channel, file, log.maxBytes, log.backups, log.captureMaxBytes, log.events, log.syslog);
}

std::string processText(const config::ProcessConfig& p) {
  std::string environment = "{";
  for (const auto& [key, value] : p.environment)
    environment += (environment.size() > 1 ? "," : "") + quoted(key) + ":" + quoted(value);
  const char* restart[] = {"false", "\"unexpected\"", "true"};
  return "{" + logText("stdout", p.out) + logText("stderr", p.err) +
         fmt::format(
             R"("name":{},"command":{},"directory":{},"serverurl":{},"environment":{}}},"exitcodes":{},"uid":{},)",
             quoted(p.name), quoted(p.command), p.directory.empty() ? "null" : quoted(p.directory), text(p.serverUrl),
             environment, array(p.exitCodes, [](int code) { return std::to_string(code); }), number(p.uid)) +
         fmt::format(R"("umask":{},"priority":{},"startsecs":{},"startretries":{},"stopwaitsecs":{},"stopsignal":{},)",
                     number(p.umask), p.priority, p.startSeconds, p.startRetries, p.stopWaitSeconds, p.stopSignal) +
         fmt::format(R"("autorestart":{},"autostart":{},"stopasgroup":{},"killasgroup":{},"redirect_stderr":{}}})",
                     restart[static_cast<int>(p.autoRestart)], p.autoStart, p.stopAsGroup, p.killAsGroup,
                     p.redirectStderr);
}

std::string groupText(const config::GroupPtr& group) {
  const char* kinds[] = {"programs", "eventlistener", "fcgi"};
  std::string out = fmt::format(R"({{"kind":"{}","name":{},"priority":{},"processes":{})",
                                kinds[static_cast<int>(group->kind)], quoted(group->name), group->priority,
                                array(group->processes, [](const auto& p) { return processText(*p); }));
  if (group->listener)
    out += fmt::format(R"(,"buffer_size":{},"events":{})", group->listener->bufferSize,
                       array(group->listener->events, quoted));
  // Not of a [group:x]: Debian's Supervisor loses the sockets of its fcgi-programs.
  if (group->kind == config::GroupConfig::Kind::Fcgi)
    for (const auto& socket : group->sockets)
      out += fmt::format(R"(,"socket":{},"backlog":{},"owner":{},"mode":{})", quoted(socket.url),
                         number(socket.backlog), owner(socket.owner), number(socket.mode));
  return out + "}";
}

std::string serverText(const config::HttpServer& s) {
  const auto where = s.unixSocket ? fmt::format(R"("file":{},"chmod":{},"chown":{})", quoted(s.path), s.mode,
                                                s.owner ? owner(s.owner) : "[-1,-1]")
                                  : fmt::format(R"("host":{},"port":{})", quoted(s.host), s.port);
  return fmt::format(R"({{"section":{},{},"username":{},"password":{}}})", quoted(s.section), where, text(s.username),
                     text(s.password));
}

std::string daemonText(const config::Daemon& d) {
  return fmt::format(
             R"({{"minfds":{},"minprocs":{},"umask":{},"logfile":{},"logfile_maxbytes":{},"logfile_backups":{},)",
             d.minFds, d.minProcs, d.umask, quoted(d.logFile), d.logMaxBytes, d.logBackups) +
         fmt::format(
             R"("loglevel":{},"pidfile":{},"identifier":{},"nodaemon":{},"silent":{},"nocleanup":{},"strip_ansi":{},)",
             static_cast<int>(d.logLevel), quoted(d.pidFile), quoted(d.identifier), d.noDaemon, d.silent, d.noCleanup,
             d.stripAnsi) +
         fmt::format(R"("directory":{},"childlogdir":{},"uid":{}}})",
                     d.directory.empty() ? "null" : quoted(d.directory), quoted(d.childLogDir), number(d.uid));
}

std::string configurationText(const config::Configuration& c) {
  return fmt::format(R"({{"daemon":{},"groups":{},"servers":{},"serverurl":{},"interfaces":{},"messages":{}}})",
                     daemonText(c.daemon), array(c.groups, groupText), array(c.servers, serverText),
                     quoted(config::fallbackServerUrl(c.servers)),
                     array(c.interfaces, [](const auto& i) { return quoted(i.name); }),
                     array(c.messages, [](const auto& m) { return quoted(m.text); }));
}

std::string error(const core::Error& e) { return "{\"error\":" + quoted(e.text) + "}"; }

std::string ini(const char* file) {
  const auto document = core::IniDocument::read(file);
  if (!document) return error(document.error());
  return array(document->sections(), [&](const core::IniSection& section) {
    return "[" + quoted(section.name()) + "," +
           array(
               section.entries(),
               [](const core::IniEntry& entry) { return "[" + quoted(entry.key) + "," + quoted(entry.value) + "]"; }) +
           "]";
  });
}

std::string words(const char* text) {
  const auto result = core::splitWords(text);
  return result ? array(*result, quoted) : error(result.error());
}

std::string pairs(const char* text) {
  const auto result = core::parseKeyValues(text);
  if (!result) return error(result.error());
  return array(*result, [](const auto& pair) { return "[" + quoted(pair.first) + "," + quoted(pair.second) + "]"; });
}

std::string expansion(const char* text) {
  core::Names names;
  names.set("s", "text");
  names.set("u", "h\xC3\xA9");
  names.set("n", 7);
  const auto result = core::expand(text, names, "w");
  return result ? quoted(*result) : error(result.error());
}

std::string configuration(const std::vector<std::string>& arguments) {
  const auto line = config::parseCommandLine(arguments);
  if (!line) return error(line.error());
  const auto loaded = config::load(*line, config::Unreadable::Skipped);
  return loaded ? configurationText(*loaded) : error(loaded.error());
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  if (mode == "options") {
    std::vector<std::string> arguments{"supervisord"};
    arguments.insert(arguments.end(), argv + 2, argv + argc);
    std::puts(configuration(arguments).c_str());
    return 0;
  }
  for (int i = 2; i < argc; ++i) {
    const std::string shown = mode == "ini"      ? ini(argv[i])
                              : mode == "words"  ? words(argv[i])
                              : mode == "pairs"  ? pairs(argv[i])
                              : mode == "expand" ? expansion(argv[i])
                                                 : configuration({"supervisord", "-c", argv[i]});
    std::puts(shown.c_str());
  }
  return 0;
}
