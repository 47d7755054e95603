// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/command_words.hpp"

#include <algorithm>
#include <limits>

#include "lib/core/text.hpp"
#include "lib/lifecycle/state.hpp"

namespace ctl {
namespace {

constexpr int kDefaultWatch = 2;

bool isState(std::string_view text) { return lifecycle::stateFromText(core::upper(text)).has_value(); }

std::string allStates() {
  std::string text;
  for (const auto state : lifecycle::kAllStates) text += (text.empty() ? "" : " ") + std::string(toText(state));
  return text;
}

std::optional<int> seconds(std::string_view text, int least) {
  const auto number = core::parseInteger(text);
  if (!number || *number < least || *number > std::numeric_limits<int>::max() / 1000) return std::nullopt;
  return static_cast<int>(*number);
}

class Sorter {
 public:
  Sorter(std::string_view argument, std::initializer_list<std::string_view> options, std::string_view state)
      : given_(core::splitBlanks(argument)), options_(options), defaultState_(state) {}

  core::Expected<CommandWords> sort() {
    while (next_ < given_.size()) {
      const std::string word = given_[next_++];
      const std::size_t equals = word.find('=');
      const std::string name = word.substr(0, equals);
      if (std::find(options_.begin(), options_.end(), name) == options_.end()) {
        words_.names.push_back(word);
        continue;
      }
      std::optional<std::string> value;
      if (equals != std::string::npos) value = word.substr(equals + 1);
      if (core::Status done = take(name, value); !done) return core::Err{std::move(done).error()};
    }
    if (words_.timeout && !words_.waitFor) words_.waitFor = defaultState_;
    return std::move(words_);
  }

 private:
  core::Status take(const std::string& name, const std::optional<std::string>& value) {
    if (name == "--wait") return takeState(value);
    if (name == "--timeout" || name == "--watch") return takeSeconds(name, value);
    if (name == "--max-unavailable") return takeCount(value);
    if (value) return core::Err{core::Error{"Error: " + name + " takes no value"}};
    if (name == "--json") words_.json = true;
    if (name == "--resources") words_.resources = true;
    if (name == "--health") words_.health = true;
    if (name == "--parallel") words_.parallel = true;
    if (name == "--force") words_.force = true;
    if (name == "--rolling") words_.rolling = true;
    if (name == "--if-changed") words_.ifChanged = true;
    return {};
  }

  core::Status takeState(const std::optional<std::string>& value) {
    if (value && !isState(*value))
      return core::Err{
          core::Error{"Error: --wait: no such state " + core::pythonRepr(*value) + "; states are " + allStates()}};
    if (value)
      words_.waitFor = core::upper(*value);
    else if (next_ < given_.size() && isState(given_[next_]))
      words_.waitFor = core::upper(given_[next_++]);
    else
      words_.waitFor = defaultState_;
    return {};
  }

  core::Status takeCount(const std::optional<std::string>& value) {
    constexpr int kMost = 1000;
    const auto text = value ? *value : next_ < given_.size() ? given_[next_++] : std::string();
    const auto number = core::parseInteger(text);
    if (!number || *number < 1 || *number > kMost)
      return core::Err{core::Error{"Error: --max-unavailable requires a number from 1 to 1000"}};
    words_.maxUnavailable = static_cast<int>(*number);
    return {};
  }

  core::Status takeSeconds(const std::string& name, const std::optional<std::string>& value) {
    const bool optional = name == "--watch";
    std::optional<int> number;
    if (value)
      number = seconds(*value, optional ? 1 : 0);
    else if (next_ < given_.size() && (number = seconds(given_[next_], optional ? 1 : 0)))
      ++next_;
    else if (optional)
      number = kDefaultWatch;
    if (!number) return core::Err{core::Error{"Error: " + name + " requires a number of seconds"}};
    (optional ? words_.watch : words_.timeout) = number;
    return {};
  }

  std::vector<std::string> given_;
  std::initializer_list<std::string_view> options_;
  std::string_view defaultState_;
  std::size_t next_ = 0;
  CommandWords words_;
};

}  // namespace

bool CommandWords::meansAll() const noexcept { return std::find(names.begin(), names.end(), "all") != names.end(); }

core::Expected<CommandWords> sortWords(std::string_view argument, std::initializer_list<std::string_view> options,
                                       std::string_view defaultState) {
  return Sorter(argument, options, defaultState).sort();
}

}  // namespace ctl
