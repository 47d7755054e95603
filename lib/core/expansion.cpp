// SPDX-License-Identifier: MIT
#include "lib/core/expansion.hpp"

#include <unistd.h>

#include <algorithm>

#include "lib/core/percent_format.hpp"
#include "lib/core/text.hpp"

namespace core {

const Names::Value* Names::find(std::string_view name) const {
  for (const auto* layer = this; layer; layer = layer->below_)
    if (const auto at = layer->values_.find(name); at != layer->values_.end()) return &at->second;
  return nullptr;
}

std::vector<std::string> Names::all() const {
  std::vector<std::string> out;
  for (const auto* layer = this; layer; layer = layer->below_)
    for (const auto& [name, value] : layer->values_) out.push_back(name);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

Names environmentNames() {
  Names names;
  for (char** variable = environ; variable && *variable; ++variable) {
    const std::string_view text = *variable;
    const auto equals = text.find('=', 1);
    if (equals != std::string_view::npos)
      names.set("ENV_" + toUtf8(text.substr(0, equals)), std::string(text.substr(equals + 1)));
  }
  return names;
}

Expected<std::string> expand(std::string_view text, const Names& names, std::string_view where) {
  if (text.find('%') == std::string_view::npos) return std::string(text);
  auto result = percentFormat(text, names);
  if (result) return std::move(result).value();
  std::string message = "Format string " + pythonRepr(text) + " for " + pythonRepr(where);
  if (result.error().unknownName)
    message += " contains names (" + pythonRepr(result.error().text) +
               ") which cannot be expanded. Available names: " + join(names.all(), ", ");
  else
    message += " is badly formatted: " + result.error().text;
  message += "; a literal '%' is written '%%'";
  return Err{Error{std::move(message)}};
}

}  // namespace core
