// SPDX-License-Identifier: MIT
#include "ctl/deploy/language/variables.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "lib/core/text.hpp"

namespace deploy {
namespace {

std::optional<bool> truthOf(std::string_view text) {
  const auto word = core::lower(text);
  if (word == "yes" || word == "true" || word == "on") return true;
  if (word == "no" || word == "false" || word == "off") return false;
  return std::nullopt;
}

std::optional<double> decimalOf(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && text.find('.') != std::string::npos && fmt::format("{}", value) == text ? std::optional(value)
                                                                                          : std::nullopt;
}

Value toValue(const Node& node) {
  if (node.kind == Node::Kind::Map) {
    Value::Map map;
    for (const auto& member : node.members) map.emplace_back(member.key, toValue(member.value));
    return Value{std::move(map)};
  }
  if (node.kind == Node::Kind::List) {
    Value::List list;
    for (const auto& item : node.items) list.push_back(toValue(item));
    return Value{std::move(list)};
  }
  if (node.quoted) return Value{node.text};
  if (const auto truth = truthOf(node.text)) return Value{*truth};
  if (const auto number = core::parseInteger(node.text); number && std::to_string(*number) == node.text)
    return Value{*number};
  if (const auto decimal = decimalOf(node.text)) return Value{*decimal};
  return Value{node.text};
}

/// Ansible accepts other names in a file of variables, but no template can use them.
bool isVariableName(std::string_view name) {
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
             std::string_view::npos;
}

bool isMap(const Node& node, std::string_view section, Problems& problems) {
  if (node.kind == Node::Kind::Map) return true;
  const bool nothing = node.kind == Node::Kind::Scalar && !node.quoted && node.text.empty();
  if (!nothing && !node.unresolved)
    problems.error(node.mark, fmt::format("/{}", section), "is not a map of names and values", "write NAME: value");
  return false;
}

}  // namespace

Value::Map readVariables(const Node& node, Problems& problems) {
  if (!isMap(node, "vars", problems)) return {};
  return std::get<Value::Map>(toValue(node).data);
}

Value::Map readEncrypted(const Node& node, const Node* variables, Problems& problems) {
  Value::Map encrypted;
  if (!isMap(node, "encrypted_vars", problems)) return encrypted;
  for (const auto& member : node.members) {
    const std::string path = fmt::format("/encrypted_vars/{}", member.key);
    if (!isVariableName(member.key))
      problems.error(member.mark, path,
                     fmt::format("'{}' is not a name of a variable: letters, digits, '_'", member.key));
    if (const Node* clear = variables ? variables->find(member.key) : nullptr)
      problems.error(member.mark, path, fmt::format("vars has '{}' too", member.key),
                     fmt::format("it is at {}", toText(clear->mark)));
    if (member.value.unresolved) continue;
    if (member.value.kind != Node::Kind::Scalar || !member.value.text.starts_with("$ANSIBLE_VAULT;"))
      problems.error(member.value.mark, path, "does not begin with $ANSIBLE_VAULT;",
                     "use what `ansible-vault encrypt_string` prints, as a block that starts with |");
    else
      encrypted.emplace_back(member.key, Value{member.value.text});
  }
  return encrypted;
}

}  // namespace deploy
