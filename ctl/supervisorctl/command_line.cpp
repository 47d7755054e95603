// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/command_line.hpp"

#include <array>
#include <string_view>

#include "lib/core/text.hpp"

namespace ctl {
namespace {

using Slot = std::optional<std::string> CommandLine::*;

struct Option {
  char letter;
  std::string_view name;
  Slot slot;  ///< nullptr: a flag
  /// Not in Supervisor, and without abbreviations, so that those of Supervisor's options stay unique.
  bool exactOnly = false;
};

constexpr std::array<Option, 9> kOptions{{
    {'h', "help", nullptr},
    {'c', "configuration", &CommandLine::configFile},
    {'i', "interactive", nullptr},
    {'s', "serverurl", &CommandLine::serverUrl},
    {'u', "username", &CommandLine::username},
    {'p', "password", &CommandLine::password},
    {'r', "history_file", &CommandLine::historyFile},
    {'\0', "password-file", &CommandLine::passwordFile, true},
    {'\0', "trust", nullptr, true},
}};
constexpr std::string_view kHistoryAlias = "history-file";  // the name that Supervisor's help gives it

core::Err<core::Error> wrong(std::string text) { return core::Err{core::Error{std::move(text)}}; }

/// What Supervisor's client accepts through Python's urlparse: a scheme, and after the colon more than slashes.
bool isUrl(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string scheme = core::lower(text.substr(0, colon));
  if (scheme[0] < 'a' || scheme[0] > 'z') return false;
  if (scheme.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789+-.") != std::string::npos) return false;
  std::string_view rest = text.substr(colon + 1);
  if (rest.starts_with("//")) rest.remove_prefix(2);
  rest = rest.substr(0, rest.find_first_of("?#;"));
  return !rest.empty();
}

class Parser {
 public:
  explicit Parser(std::span<const std::string> words) : words_(words) {}

  core::Expected<CommandLine> parse() {
    while (next_ < words_.size() && !line_.help) {
      const std::string& word = words_[next_];
      if (word.size() < 2 || word[0] != '-') break;
      ++next_;
      if (word == "--") break;
      if (core::Status done = word[1] == '-' ? longOption(word.substr(2)) : shortOptions(word); !done)
        return core::Err{std::move(done).error()};
    }
    // Supervisor parses the whole line first, so a wrong option after -h is an error there. Here -h ends the parsing.
    line_.action.assign(words_.begin() + static_cast<std::ptrdiff_t>(next_), words_.end());
    return std::move(line_);
  }

 private:
  core::Status shortOptions(const std::string& word) {
    for (std::size_t i = 1; i < word.size(); ++i) {
      const char letter = word[i];
      const Option* option = letter == '?' ? &kOptions[0] : nullptr;
      for (const Option& candidate : kOptions)
        if (candidate.letter != '\0' && candidate.letter == letter) option = &candidate;
      const std::string shown = std::string("-") + letter;
      if (!option) return wrong("option " + shown + " not recognized");
      if (!option->slot) {
        if (core::Status done = setFlag(*option, shown); !done) return done;
        continue;
      }
      std::string value = word.substr(i + 1);
      if (value.empty()) {
        if (next_ == words_.size()) return wrong("option " + shown + " requires argument");
        value = words_[next_++];
      }
      return setValue(*option, shown, std::move(value));
    }
    return {};
  }

  core::Status longOption(const std::string& text) {
    const std::size_t equals = text.find('=');
    const std::string given = text.substr(0, equals);
    auto found = find(given);
    if (!found) return core::Err{std::move(found).error()};
    const Option& option = **found;
    const std::string shown = "--" + std::string(option.name);
    if (!option.slot) {
      if (equals != std::string::npos) return wrong("option " + shown + " must not have an argument");
      return setFlag(option, shown);
    }
    if (equals != std::string::npos) return setValue(option, shown, text.substr(equals + 1));
    if (next_ == words_.size()) return wrong("option " + shown + " requires argument");
    return setValue(option, shown, words_[next_++]);
  }

  static core::Expected<const Option*> find(const std::string& given) {
    const Option* found = nullptr;
    for (const Option& option : kOptions) {
      if (option.name == given) return &option;
      if (option.exactOnly || !option.name.starts_with(given)) continue;
      if (found) return wrong("option --" + given + " not a unique prefix");
      found = &option;
    }
    if (!found && given == kHistoryAlias) return &kOptions[6];
    if (!found) return wrong("option --" + given + " not recognized");
    return found;
  }

  core::Status setFlag(const Option& option, const std::string& shown) {
    if (option.letter == 'h') {
      line_.help = true;
      return {};
    }
    if (option.name == "trust") {
      line_.trust = true;
      return {};
    }
    if (line_.interactive) return wrong("conflicting command line option '" + shown + "'");
    line_.interactive = true;
    return {};
  }

  core::Status setValue(const Option& option, const std::string& shown, std::string value) {
    if (option.letter == 's' && !isUrl(value))
      return wrong("invalid value for " + shown + ' ' + core::pythonRepr(value) + ": value " + core::pythonRepr(value) +
                   " is not a URL");
    if (line_.*option.slot) return wrong("conflicting command line option '" + shown + "'");
    line_.*option.slot = std::move(value);
    return {};
  }

  std::span<const std::string> words_;
  std::size_t next_ = 0;
  CommandLine line_;
};

}  // namespace

core::Expected<CommandLine> parseCommandLine(std::span<const std::string> words) { return Parser(words).parse(); }

std::string usageText(const std::string& program) {
  return "supervisorctl -- control applications that a supervisord runs\n"
         "\n"
         "Usage: " +
         program +
         " [options] [command [arguments]]\n"
         "\n"
         "Options (before the command):\n"
         "-c/--configuration FILE -- the file with the [supervisorctl] section; by default it is searched in the\n"
         "     usual places. supervisorctl_NAME uses the file of the instance NAME.\n"
         "-h/--help -- print this text and exit\n"
         "-i/--interactive -- start an interactive shell, as without a command; with a command, ask before shutdown "
         "and\n"
         "     reload, and for a password if the server requires it\n"
         "-s/--serverurl URL -- where supervisord listens: http://HOST:PORT or unix:///PATH\n"
         "     (default \"http://localhost:9001\")\n"
         "-u/--username NAME -- the user to log in as\n"
         "-p/--password PASSWORD -- the password\n"
         "--password-file FILE -- a file whose first line is the password; - reads it from standard input\n"
         "-r/--history_file FILE -- the file in which the shell stores its history\n"
         "--trust -- as root: keep root's rights although another account controls the file or socket; without this\n"
         "     option root acts as that account\n"
         "\n"
         "A command such as \"status\" or \"tail web\" is executed once. Without a command, a shell reads commands "
         "until\n"
         "\"quit\" or the end of the input. The command \"help\" lists all commands.\n"
         "\n";
}

}  // namespace ctl
