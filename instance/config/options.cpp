// SPDX-License-Identifier: MIT
#include "instance/config/options.hpp"

#include <algorithm>
#include <optional>

#include "lib/core/text.hpp"

namespace config {
namespace {

core::Err<core::Error> refuseOption(std::string text) { return core::Err{core::Error{std::move(text)}}; }

class OptionParser {
 public:
  OptionParser(std::span<const std::string> arguments, std::span<const OptionSpec> specs)
      : rest_(arguments), specs_(specs) {}

  core::Expected<std::vector<GivenOption>> run() {
    while (!rest_.empty() && rest_.front().size() > 1 && rest_.front()[0] == '-') {
      const std::string word = rest_.front();
      rest_ = rest_.subspan(1);
      if (word == "--") break;
      const auto status = word.starts_with("--") ? takeLong(word.substr(2)) : takeShort(word.substr(1));
      if (!status) return core::Err{status.error()};
    }
    if (!rest_.empty()) {
      std::vector<std::string> shown;
      for (const auto& word : rest_) shown.push_back(core::pythonRepr(word));
      return refuseOption("positional arguments are not supported: [" + core::join(shown, ", ") + "]");
    }
    return std::move(given_);
  }

 private:
  core::Status takeLong(const std::string& word) {
    const auto equals = word.find('=');
    const auto name = word.substr(0, equals);
    const OptionSpec* found = nullptr;
    for (const auto& spec : specs_) {
      if (spec.longName == name) {  // an exact name wins, also when it is a prefix of others
        found = &spec;
        break;
      }
      if (spec.whole || spec.longName.empty() || !spec.longName.starts_with(name)) continue;
      if (found) ambiguous_ = true;
      found = &spec;
    }
    if (!found) return refuseOption("option --" + name + " not recognized");
    if (std::exchange(ambiguous_, false) && found->longName != name)
      return refuseOption("option --" + name + " not a unique prefix");
    GivenOption option{found, "--" + std::string(found->longName), {}};
    if (!found->takesValue && equals != std::string::npos)
      return refuseOption("option " + option.typed + " must not have an argument");
    if (found->takesValue) {
      if (equals != std::string::npos) {
        option.value = word.substr(equals + 1);
      } else {
        if (rest_.empty()) return refuseOption("option " + option.typed + " requires argument");
        option.value = next();
      }
    }
    given_.push_back(std::move(option));
    return {};
  }

  core::Status takeShort(std::string letters) {
    while (!letters.empty()) {
      const char letter = letters[0];
      letters.erase(0, 1);
      const auto spec =
          std::find_if(specs_.begin(), specs_.end(), [&](const auto& s) { return s.shortName == letter; });
      GivenOption option{nullptr, std::string("-") + letter, {}};
      if (spec == specs_.end()) return refuseOption("option " + option.typed + " not recognized");
      option.spec = &*spec;
      if (spec->takesValue) {
        if (letters.empty() && rest_.empty()) return refuseOption("option " + option.typed + " requires argument");
        option.value = letters.empty() ? next() : std::exchange(letters, {});
      }
      given_.push_back(std::move(option));
    }
    return {};
  }

  std::string next() {
    std::string word = rest_.front();
    rest_ = rest_.subspan(1);
    return word;
  }

  std::span<const std::string> rest_;
  std::span<const OptionSpec> specs_;
  std::vector<GivenOption> given_;
  bool ambiguous_ = false;
};

}  // namespace

core::Expected<std::vector<GivenOption>> parseOptions(std::span<const std::string> arguments,
                                                      std::span<const OptionSpec> specs) {
  return OptionParser(arguments, specs).run();
}

}  // namespace config
