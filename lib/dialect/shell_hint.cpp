// SPDX-License-Identifier: MIT
#include "lib/dialect/shell_hint.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "lib/dialect/context.hpp"
#include "lib/dialect/section_reader.hpp"

namespace config {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

bool isLetter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; }
bool isDigit(char c) { return c >= '0' && c <= '9'; }

/// The words with their quotes, because quoted characters do not have a meaning for a shell.
std::vector<std::string_view> rawWords(std::string_view command) {
  std::vector<std::string_view> words;
  std::size_t at = 0;
  while ((at = command.find_first_not_of(kBlanks, at)) != std::string_view::npos) {
    const auto begin = at;
    char quote = 0;
    for (; at < command.size() && (quote || kBlanks.find(command[at]) == std::string_view::npos); ++at) {
      const char c = command[at];
      if (c == '\\' && quote != '\'')
        ++at;
      else if (quote && c == quote)
        quote = 0;
      else if (!quote && (c == '\'' || c == '"'))
        quote = c;
    }
    at = std::min(at, command.size());
    words.push_back(command.substr(begin, at - begin));
  }
  return words;
}

/// The operator that the word is, or has at its end or its beginning: "&&", ">" of ">file", "2>" of "2>&1", ";" of
/// "server;"; "" if there is none. Characters inside a word, as in a URL, do not count: they are mostly not meant for a
/// shell.
std::string_view operatorIn(std::string_view word) {
  constexpr std::array<std::string_view, 5> whole{"&&", "||", "|", ";", "&"};
  if (std::find(whole.begin(), whole.end(), word) != whole.end()) return word;
  if (word.size() > 1 && (word.back() == ';' || word.back() == '&') && word.find_first_of("'\"\\?=") == word.npos)
    return word.substr(word.size() - 1);
  const auto arrow = word.find_first_not_of("0123456789");
  if (arrow == word.npos || (word[arrow] != '>' && (word[arrow] != '<' || arrow + 1 != word.size()))) return {};
  return word.substr(0, word.find_first_not_of('>', arrow + 1));
}

/// "$NAME", or the beginning of "${NAME}", "$(command)" and "`command`", outside single quotes; "" if there is none.
std::string_view variableIn(std::string_view word) {
  bool quoted = false;
  for (std::size_t at = 0; at + 1 < word.size(); ++at) {
    if (word[at] == '\'') quoted = !quoted;
    if (word[at] == '\\') ++at;
    if (quoted || at + 1 >= word.size()) continue;
    if (word[at] == '`') return word.substr(at, 1);
    if (word[at] != '$') continue;
    if (word[at + 1] == '{' || word[at + 1] == '(') return word.substr(at, 2);
    if (!isLetter(word[at + 1])) continue;
    auto end = at + 1;
    while (end < word.size() && (isLetter(word[end]) || isDigit(word[end]))) ++end;
    return word.substr(at, end - at);
  }
  return {};
}

/// Whether the word is "NAME=value".
bool isAssignment(std::string_view word) {
  const auto equals = word.find('=');
  return equals != word.npos && equals > 0 && isLetter(word[0]) &&
         std::all_of(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(equals),
                     [](char c) { return isLetter(c) || isDigit(c); });
}

/// An option whose argument is a script for another interpreter: "-c", "-lc", "-e".
bool takesScript(std::string_view word) {
  return word.size() > 1 && word.size() < 5 && word[0] == '-' && word[1] != '-' &&
         (word.back() == 'c' || word.back() == 'e');
}

std::string hint(std::string_view word, std::string_view what, std::string_view instead) {
  std::string text = "command is not run by a shell: '";
  text += word;
  text += "' ";
  text += what;
  text += "; ";
  text += instead;
  return text;
}

std::optional<std::string> hintOnFirst(std::string_view word) {
  if (isAssignment(word))
    return hint(word.substr(0, word.find('=') + 1), "is not a program", "set variables with environment=");
  if (word == "cd") return hint(word, "is not a program", "set the directory with directory=");
  constexpr std::array<std::string_view, 6> builtins{"export", "source", ".", "ulimit", "exec", "umask"};
  if (std::find(builtins.begin(), builtins.end(), word) != builtins.end())
    return hint(word, "is not a program", "write command=/bin/sh -c '...', or a script");
  return std::nullopt;
}

}  // namespace

std::optional<std::string> shellHint(std::string_view command) {
  const auto words = rawWords(command);
  if (words.empty()) return std::nullopt;
  for (const auto word : words)
    if (const auto found = operatorIn(word); !found.empty())
      return hint(found, "is passed to it as an argument", "write command=/bin/sh -c '...', or a script");
  if (auto first = hintOnFirst(words.front())) return first;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0 && takesScript(words[i - 1])) continue;
    if (words[i].starts_with("~/")) return hint("~", "is not replaced", "write the whole path, or %(ENV_HOME)s");
    if (const auto variable = variableIn(words[i]); !variable.empty())
      return hint(variable, "is not replaced", "write %(ENV_NAME)s for a variable, or command=/bin/sh -c '...'");
  }
  return std::nullopt;
}

void noteShellSyntax(ReadContext& context, const core::IniSection& section) {
  for (const auto& entry : section.entries())
    if (entry.key == "command")
      if (const auto text = shellHint(entry.value)) context.warn(*text + placeText(section.name(), entry.place));
}

}  // namespace config
