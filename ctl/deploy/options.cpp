// SPDX-License-Identifier: MIT
#include "ctl/deploy/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <variant>

#include "lib/core/text.hpp"

namespace deploy {
namespace {

/// What an option does with its value: a flag, a text, a list of texts separated by commas, a number; or it is one of
/// the options that need more than a member of Options.
enum class Special { File, Variable, Verbose1, Verbose2, Verbose3 };
using Texts = std::vector<std::string>;
using Target = std::variant<bool Options::*, std::string Options::*, Texts Options::*, int Options::*, Special>;

struct Definition {
  OptionText text;
  std::string_view other;  ///< further spellings, separated by blanks
  Target target;
};

constexpr std::array kDefinitions = {
    Definition{{"--src", "FILE", "An application file; several are merged in this order"}, "", Special::File},
    Definition{{"--var", "NAME=VALUE", "Define a variable, as a file at this place would"}, "", Special::Variable},
    Definition{{"--action", "ACTION", "What to do: see ACTIONS"}, "", &Options::action},
    Definition{
        {"--scope", "SCOPE[,SCOPE]", "Only this: users, files, systemd, supervisor, ansible, or a scope of items"},
        "",
        &Options::scopes},
    Definition{{"--noScope", "SCOPE[,SCOPE]", "All but this"}, "--no-scope", &Options::excludedScopes},
    Definition{{"--limit", "HOST[,HOST]", "Only these hosts and groups"}, "", &Options::limit},
    Definition{{"--dryRun", "", "Change nothing, and show what would change"}, "--dry-run --check", &Options::check},
    Definition{{"--diff", "", "Show how texts change"}, "", &Options::diff},
    Definition{{"--purge", "", "remove: also delete what others put into our folders"}, "", &Options::purge},
    Definition{{"--prune", "", "deploy: delete programs that the sources do not have any more"}, "", &Options::prune},
    Definition{{"--askVaultPassword", "", "Ask for the password of encrypted_vars"},
               "--ask-vault-password --askVaultPass --ask-vault-pass",
               &Options::askVaultPassword},
    Definition{{"--vaultPasswordFile", "FILE", "Read that password from a file"},
               "--vault-password-file",
               &Options::vaultPasswordFile},
    Definition{{"--askBecomePass", "", "Ask for the password of become (sudo)"},
               "--ask-become-pass",
               &Options::askBecomePassword},
    Definition{{"--workingFolder", "FOLDER", "Keep the generated files in FOLDER/hadeploy-work"},
               "--working-folder",
               &Options::workingFolder},
    Definition{{"--keep", "", "Keep the generated files, which may contain passwords"}, "", &Options::keep},
    Definition{{"--forks", "N", "How many hosts at the same time"}, "", &Options::forks},
    Definition{{"--json", "", "Print one JSON document"}, "", &Options::json},
    Definition{{"--v", "", "Print more of what Ansible does; also --vv and --vvv"}, "-v", Special::Verbose1},
    Definition{{"--vv", "", ""}, "-vv", Special::Verbose2},
    Definition{{"--vvv", "", ""}, "-vvv", Special::Verbose3},
    Definition{{"--loggingConf", "FILE", "Accepted for HADeploy's sake; has no effect"},
               "--logging-conf",
               &Options::loggingConf},
    Definition{{"--help", "", "Print this help"}, "-h", &Options::help},
    Definition{{"--version", "", "Print the version"}, "", &Options::version},
};

const Definition* find(std::string_view word) {
  for (const auto& one : kDefinitions) {
    if (one.text.word == word) return &one;
    const auto others = core::splitBlanks(one.other);
    if (std::find(others.begin(), others.end(), word) != others.end()) return &one;
  }
  return nullptr;
}

std::string unknownOption(const std::string& word) {
  std::vector<std::string_view> known;
  for (const auto& one : kDefinitions) known.push_back(one.text.word);
  const std::vector<std::string> others{"--dry-run", "--check", "--no-scope", "--ask-vault-pass", "--ask-become-pass"};
  known.insert(known.end(), others.begin(), others.end());
  const auto near = core::nearest(word, known);
  return fmt::format("Unknown option {}.{}", word, near ? fmt::format(" Did you mean {}?", *near) : "");
}

/// Reads the words in order. A value is the rest of its word after "=", or the next word.
class Parser {
 public:
  explicit Parser(const std::vector<std::string>& words) : words_(words) {}

  core::Expected<Options> parse() {
    while (next_ < words_.size() && failure_.empty()) take(words_[next_++]);
    if (failure_.empty() && !options_.help && !options_.version) complete();
    if (!failure_.empty()) return core::Err{core::Error{failure_}};
    return std::move(options_);
  }

 private:
  void take(const std::string& text) {
    if (!text.starts_with('-') || text == "-") {
      failure_ = fmt::format("Unexpected argument '{}'. A source is given as --src {}", text, text);
      return;
    }
    const auto equals = text.find('=');
    const auto word = text.substr(0, equals);
    const auto* const definition = find(word);
    if (!definition)
      failure_ = unknownOption(word);
    else
      set(*definition, word, equals == std::string::npos ? std::nullopt : std::optional(text.substr(equals + 1)));
  }

  void set(const Definition& definition, const std::string& word, std::optional<std::string> value) {
    if (definition.text.value.empty()) {
      if (value) failure_ = fmt::format("{} does not take a value.", word);
      return setFlag(definition.target);
    }
    if (!value && next_ < words_.size()) value = words_[next_++];
    if (!value || value->empty())
      failure_ = fmt::format("{} requires a value: {} {}", word, word, definition.text.value);
    else
      setValue(definition, word, *value);
  }

  void setFlag(const Target& target) {
    if (const auto* flag = std::get_if<bool Options::*>(&target))
      options_.*(*flag) = true;
    else
      options_.verbosity = std::get<Special>(target) == Special::Verbose1   ? 1
                           : std::get<Special>(target) == Special::Verbose2 ? 2
                                                                            : 3;
  }

  void setValue(const Definition& definition, const std::string& word, const std::string& value) {
    if (const auto* special = std::get_if<Special>(&definition.target)) {
      const auto kind = *special == Special::File ? Source::Kind::File : Source::Kind::Variable;
      options_.sources.push_back({kind, value});
    } else if (const auto* text = std::get_if<std::string Options::*>(&definition.target)) {
      options_.*(*text) = value;
    } else if (const auto* list = std::get_if<Texts Options::*>(&definition.target)) {
      for (const auto& piece : core::split(value, ','))
        if (const auto name = core::trim(piece); !name.empty()) (options_.*(*list)).emplace_back(name);
    } else if (const auto number = core::parseInteger(value); number && *number >= 1 && *number <= 1000) {
      options_.*std::get<int Options::*>(definition.target) = static_cast<int>(*number);
    } else {
      failure_ = fmt::format("{} requires a number from 1 to 1000, not '{}'.", word, value);
    }
  }

  void complete() {
    if (options_.sources.empty()) {
      failure_ = "No source is given. Name an application file: --src app.yml";
    } else if (options_.action.empty()) {
      failure_ = fmt::format("No action is given. Use --action with one of {}.", fmt::join(ownActions(), ", "));
    }
    const auto lower = core::lower(options_.action);
    const auto& own = ownActions();
    if (options_.action == core::upper(lower) && std::find(own.begin(), own.end(), lower) != own.end())
      options_.action = lower;
  }

  const std::vector<std::string>& words_;
  Options options_;
  std::string failure_;
  std::size_t next_ = 0;
};

}  // namespace

std::vector<OptionText> optionTexts() {
  std::vector<OptionText> texts;
  for (const auto& one : kDefinitions)
    if (!one.text.help.empty()) texts.push_back(one.text);
  return texts;
}

const std::vector<std::string_view>& ownActions() {
  static const std::vector<std::string_view> kActions{"deploy", "remove", "start",    "stop",
                                                      "status", "dump",   "dumpvars", "none"};
  return kActions;
}

bool asksForJson(const std::vector<std::string>& words) {
  return std::find(words.begin(), words.end(), "--json") != words.end();
}

core::Expected<Options> parseOptions(const std::vector<std::string>& words) { return Parser(words).parse(); }

}  // namespace deploy
