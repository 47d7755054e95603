// SPDX-License-Identifier: MIT
#include "ctl/supervisor-manager/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <variant>

#include "ctl/supervisor-manager/suggestion.hpp"
#include "lib/core/text.hpp"

namespace manager {

namespace {

using Target = std::variant<bool Options::*, int Options::*, std::string Options::*>;

struct Definition {
  OptionText text;
  Target target;
};

constexpr std::array kDefinitions = {
    Definition{{'j', "json", "", "Print JSON, for use by programs",
                "list status start stop restart reload upgrade kill enable disable create edit remove plan programs "
                "start-program "
                "stop-program restart-program monitor top daemon-reexec"},
               &Options::json},
    Definition{{'q', "quiet", "", "Suppress success messages; in lists, print only names", ""}, &Options::quiet},
    Definition{{0, "full", "", "Do not shorten tables", "list programs top"}, &Options::full},
    Definition{{0, "no-legend", "", "Print tables without header line and summary", "list programs top"},
               &Options::noLegend},
    Definition{{0, "no-pager", "", "Do not run a pager", "list status programs plan reload logs help"},
               &Options::noPager},
    Definition{{0, "no-ask-password", "", "Do not let polkit ask for a password", ""}, &Options::noAskPassword},
    Definition{{'f', "follow", "", "Follow", "logs"}, &Options::follow},
    Definition{{'n', "lines", "N", "Number of lines of a log (10)", "logs status"}, &Options::lines},
    Definition{{0, "raw", "", "Print every byte, including terminal sequences", "logs"}, &Options::raw},
    Definition{{0, "rounds", "N", "Exit after N updates", "top"}, &Options::rounds},
    Definition{{'s', "signal", "SIGNAL", "Name or number of the signal (TERM)", "kill"}, &Options::signal},
    Definition{{0, "kill-whom", "WHOM", "main (supervisord only) or all", "kill"}, &Options::whom},
    Definition{{0, "now", "", "Also start or stop it", "enable disable"}, &Options::now},
    Definition{{0, "force", "", "Do not check the configuration", "restart"}, &Options::force},
    Definition{{0, "all", "", "All instances that run", "upgrade"}, &Options::all},
    Definition{{0, "upgrade", "", "Also upgrade the instances that run", "daemon-reexec"}, &Options::upgrade},
    Definition{{0, "purge", "", "Also remove logs and programs", "remove"}, &Options::purge},
    Definition{{'H', "host", "[USER@]HOST", "Connect to the manager of another machine, over ssh", ""}, &Options::host},
    Definition{{0, "bus-address", "ADDR", "Use this bus (for development)", ""}, &Options::busAddress},
    Definition{{0, "root", "DIR", "Check the entries below DIR (for development)", "verify"}, &Options::root},
    Definition{{'h', "help", "", "Print this help; after a verb, the help for it", ""}, &Options::help},
    Definition{{'V', "version", "", "Print the version", ""}, &Options::version},
};

const Definition* findWord(std::string_view word) {
  const auto at =
      std::find_if(kDefinitions.begin(), kDefinitions.end(), [&](const auto& d) { return d.text.word == word; });
  return at == kDefinitions.end() ? nullptr : &*at;
}

const Definition* findLetter(char letter) {
  const auto at =
      std::find_if(kDefinitions.begin(), kDefinitions.end(), [&](const auto& d) { return d.text.letter == letter; });
  return at == kDefinitions.end() ? nullptr : &*at;
}

/// Reads the words in order. A value is the rest of its word or the next word.
class Parser {
 public:
  explicit Parser(const std::vector<std::string>& words) : words_(words) {}

  core::Expected<Options> parse() {
    while (next_ < words_.size() && failure_.empty()) take(words_[next_++]);
    if (!failure_.empty()) return core::Err{core::Error{failure_}};
    options_.words = words_;
    return std::move(options_);
  }

 private:
  void take(const std::string& word) {
    const bool foreign = options_.verb == "ctl" && !options_.arguments.empty();
    if (foreign || onlyArguments_ || word.size() < 2 || word[0] != '-')
      takeArgument(word);
    else if (word == "--")
      onlyArguments_ = true;
    else if (word[1] == '-')
      takeLong(word.substr(2));
    else
      takeShort(word.substr(1));
  }

  void takeArgument(const std::string& word) {
    if (options_.verb.empty())
      options_.verb = word;
    else
      options_.arguments.push_back(word);
  }

  void takeLong(const std::string& text) {
    const auto equals = text.find('=');
    const std::string word = text.substr(0, equals);
    const auto* definition = findWord(word);
    if (!definition) {
      std::vector<std::string_view> known;
      for (const auto& one : kDefinitions) known.push_back(one.text.word);
      const auto near = suggestion(word, known);
      failure_ = fmt::format("Unknown option --{}.{}", word, near ? fmt::format(" Did you mean --{}?", *near) : "");
    } else if (equals == std::string::npos) {
      set(*definition, std::nullopt);
    } else {
      set(*definition, text.substr(equals + 1));
    }
  }

  void takeShort(const std::string& letters) {
    for (std::size_t i = 0; i < letters.size() && failure_.empty(); ++i) {
      const auto* definition = findLetter(letters[i]);
      if (!definition) {
        failure_ = fmt::format("Unknown option -{}.", letters[i]);
      } else if (std::holds_alternative<bool Options::*>(definition->target)) {
        set(*definition, std::nullopt);
      } else {
        const auto rest = letters.substr(i + 1);
        return set(*definition, rest.empty() ? std::nullopt : std::optional(rest));
      }
    }
  }

  void set(const Definition& definition, std::optional<std::string> value) {
    if (const auto* flag = std::get_if<bool Options::*>(&definition.target)) {
      if (value) failure_ = fmt::format("--{} does not take a value.", definition.text.word);
      options_.*(*flag) = true;
      return;
    }
    if (!value && next_ < words_.size()) value = words_[next_++];
    if (!value) {
      failure_ = fmt::format("--{} requires a value.", definition.text.word);
    } else if (const auto* text = std::get_if<std::string Options::*>(&definition.target)) {
      options_.*(*text) = *value;
    } else if (const auto number = core::parseInteger(*value); number && *number >= 0 && *number <= 1000000) {
      options_.*std::get<int Options::*>(definition.target) = static_cast<int>(*number);
    } else {
      failure_ = fmt::format("--{} requires a number from 0 to 1000000, not '{}'.", definition.text.word, *value);
    }
  }

  const std::vector<std::string>& words_;
  Options options_;
  std::string failure_;
  std::size_t next_ = 0;
  bool onlyArguments_ = false;
};

}  // namespace

std::vector<OptionText> optionTexts() {
  std::vector<OptionText> texts;
  for (const auto& one : kDefinitions) texts.push_back(one.text);
  return texts;
}

bool isFor(const OptionText& option, std::string_view verb) {
  const auto words = core::splitBlanks(option.verbs);
  return words.empty() || std::find(words.begin(), words.end(), verb) != words.end();
}

core::Expected<Options> parseOptions(const std::vector<std::string>& words) { return Parser(words).parse(); }

}  // namespace manager
