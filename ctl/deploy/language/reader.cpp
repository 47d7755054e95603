// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <optional>

#include "ctl/deploy/language/draft.hpp"
#include "lib/core/text.hpp"

/// Nodes to values: everything about an attribute that does not depend on other attributes.
namespace deploy {
namespace {

using Form = Attribute::Form;

std::string_view formOf(const Node& node) {
  switch (node.kind) {
    case Node::Kind::Scalar: return "a single value";
    case Node::Kind::List: return "a list";
    case Node::Kind::Map: return "a map";
  }
  return "";
}

/// A key without a value, such as one whose list is commented out.
bool isNothing(const Node& node) { return node.kind == Node::Kind::Scalar && !node.quoted && node.text.empty(); }

class AttributeReader {
 public:
  /// `emptyRemoves`: an empty text is the value of every attribute, as in host_overrides.
  AttributeReader(Problems& problems, bool emptyRemoves) : problems_(problems), emptyRemoves_(emptyRemoves) {}

  std::optional<Value> read(const Node& node, const Attribute& attribute, const std::string& path);
  /// The members of a map; `path` is that of the map.
  std::map<std::string, Value, std::less<>> readMap(const Node& map, std::span<const Attribute> attributes,
                                                    const std::string& path, std::string_view what);

 private:
  std::optional<Value> readScalar(const Node& node, const Attribute& attribute, const std::string& path);
  std::optional<Value> readList(const Node& node, const Attribute& attribute, const std::string& path);
  std::optional<Value> readJoined(const Node& node, const Attribute& attribute, const std::string& path);
  std::optional<Value> refuse(const Node& node, const std::string& path, std::string reason,
                              std::string suggestion = {});
  void warnOfClearText(const Node& node, const Attribute& attribute, const std::string& path);
  void complainUnknown(const Node::Member& member, std::span<const Attribute> attributes, const std::string& path,
                       std::string_view what);

  Problems& problems_;
  bool emptyRemoves_;
};

std::optional<Value> AttributeReader::refuse(const Node& node, const std::string& path, std::string reason,
                                             std::string suggestion) {
  // A value can be a whole file; its beginning shows which one it is.
  constexpr std::size_t longest = 300;
  if (reason.size() > longest) reason = core::toUtf8(reason.substr(0, longest)) + "...";
  problems_.error(node.mark, path, std::move(reason), std::move(suggestion));
  return std::nullopt;
}

void AttributeReader::warnOfClearText(const Node& node, const Attribute& attribute, const std::string& path) {
  if (!attribute.kind->secret || node.hidden || isLate(node.text)) return;
  if (attribute.kind != &kPageSecret) {
    problems_.warning(node.mark, path, "the password is clear text",
                      "use an encrypted variable as \"{{ NAME }}\", or ${env.NAME}");
    return;
  }
  if (node.text.starts_with("{SHA") || node.text.starts_with('$')) return;
  problems_.warning(node.mark, path, "the password is clear text",
                    "use a hash, such as `openssl passwd -6` prints; or an encrypted variable as \"{{ NAME }}\", or "
                    "${env.NAME}");
}

std::optional<Value> AttributeReader::readScalar(const Node& node, const Attribute& attribute,
                                                 const std::string& path) {
  if (node.kind != Node::Kind::Scalar)
    return refuse(node, path, fmt::format("is {}, not a single value", formOf(node)),
                  attribute.kind == &kScope ? "write names with ':' between them" : "");
  if (node.unresolved) return std::nullopt;
  const bool own = attribute.name == "name" || attribute.name == "priority";
  if (emptyRemoves_ && !own && node.text.empty()) return Value{std::string()};
  const bool late = isLate(node.text);
  if (late && !attribute.late && !attribute.kind->late)
    return refuse(node, path, fmt::format("'{}' is known only to Ansible, but is needed before it runs", node.text),
                  "use a variable as ${NAME}");
  // Ansible replaces the expressions; the text around them is one line like others.
  const Kind& kind = late && attribute.kind != &kLines ? kText : *attribute.kind;
  auto value = kind.read(node.text, attribute);
  if (!value) return refuse(node, path, value.error());
  warnOfClearText(node, attribute, path);
  return std::move(*value);
}

std::optional<Value> AttributeReader::readList(const Node& node, const Attribute& attribute, const std::string& path) {
  Value::List list;
  if (isNothing(node)) return Value{std::move(list)};
  if (node.kind == Node::Kind::Scalar && attribute.form == Form::ListOrScalar) {
    auto value = readScalar(node, attribute, path);
    if (!value) return std::nullopt;
    list.push_back(std::move(*value));
    return Value{std::move(list)};
  }
  if (node.kind != Node::Kind::List)
    return refuse(node, path, fmt::format("is {}, not a list", formOf(node)), "write [value, ...]");
  bool complete = true;
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    auto value = readScalar(node.items[i], attribute, fmt::format("{}/{}", path, i));
    if (value) list.push_back(std::move(*value));
    complete = complete && value;
  }
  if (!complete) return std::nullopt;
  return Value{std::move(list)};
}

std::optional<Value> AttributeReader::readJoined(const Node& node, const Attribute& attribute,
                                                 const std::string& path) {
  if (node.kind != Node::Kind::List) return readScalar(node, attribute, path);
  std::string text;
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    if (!readScalar(node.items[i], attribute, fmt::format("{}/{}", path, i))) return std::nullopt;
    text += (i == 0 ? "" : ",") + node.items[i].text;
  }
  return Value{std::move(text)};
}

std::optional<Value> AttributeReader::read(const Node& node, const Attribute& attribute, const std::string& path) {
  if (node.unresolved) return std::nullopt;  // its expression was reported
  switch (attribute.form) {
    case Form::Scalar: return readScalar(node, attribute, path);
    case Form::List:
    case Form::ListOrScalar: return readList(node, attribute, path);
    case Form::CommaList: return readJoined(node, attribute, path);
    case Form::Map: break;
  }
  if (node.kind != Node::Kind::Map && !isNothing(node))
    return refuse(node, path, fmt::format("is {}, not a map", formOf(node)),
                  fmt::format("write {{ {}: value }}", attribute.members.front().name));
  Value::Map map;
  for (auto& [name, value] : readMap(node, attribute.members, path, attribute.name))
    map.emplace_back(name, std::move(value));
  return Value{std::move(map)};
}

void AttributeReader::complainUnknown(const Node::Member& member, std::span<const Attribute> attributes,
                                      const std::string& path, std::string_view what) {
  std::vector<std::string_view> names;
  for (const auto& attribute : attributes) names.push_back(attribute.name);
  problems_.error(member.mark, fmt::format("{}/{}", path, member.key), fmt::format("{} has no such attribute", what),
                  didYouMean(member.key, names));
}

std::map<std::string, Value, std::less<>> AttributeReader::readMap(const Node& map,
                                                                   std::span<const Attribute> attributes,
                                                                   const std::string& path, std::string_view what) {
  std::map<std::string, Value, std::less<>> values;
  for (const auto& member : map.members) {
    const Attribute* attribute = findAttribute(attributes, member.key);
    if (!attribute)
      complainUnknown(member, attributes, path, what);
    else if (auto value = read(member.value, *attribute, fmt::format("{}/{}", path, member.key)))
      values.insert_or_assign(member.key, std::move(*value));
  }
  for (const auto& attribute : attributes)
    if (attribute.required && !map.find(attribute.name))
      problems_.error(map.mark, path, fmt::format("has no {}, which is required", attribute.name));
  return values;
}

/// The text of a default, with the name of the item in it.
Value defaultOf(const Attribute& attribute, const std::string& name) {
  auto value = attribute.kind->read(core::replaceAll(std::string(attribute.fallback), "NAME", name), attribute);
  // The table is ours; only a wrong name of the item, which is reported by itself, makes a wrong default.
  return value ? std::move(*value) : Value{std::string(attribute.fallback)};
}

}  // namespace

void readItems(const Section& section, const Node& node, Drafts& drafts, Problems& problems) {
  const std::string path = fmt::format("/{}", section.name);
  if (isNothing(node) || node.unresolved) return;
  if (node.kind != Node::Kind::List) {
    problems.error(node.mark, path, fmt::format("is {}, not a list of items", formOf(node)),
                   "begin each item with \"- \"");
    return;
  }
  auto& all = drafts.of(section.name);
  AttributeReader reader(problems, section.name == "host_overrides");
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const Node& map = node.items[i];
    const std::string itemPath = fmt::format("{}/{}", path, i);
    if (map.kind != Node::Kind::Map) {
      problems.error(map.mark, itemPath, fmt::format("is {}, not a map", formOf(map)));
      continue;
    }
    Draft draft;
    draft.node = &map;
    draft.item.mark = map.mark;
    draft.item.path = itemPath;
    draft.item.values = reader.readMap(map, section.attributes, itemPath, section.name);
    const auto when = draft.item.values.find("when");
    if (when != draft.item.values.end() && when->second == Value{false}) {
      drafts.dropped.emplace(fmt::format("{} {}", section.name, draft.known(section.key)), map.mark);
      continue;
    }
    draft.item.values.erase("when");
    all.push_back(std::move(draft));
  }
}

std::vector<std::string> readTexts(const Section& section, const Node& node, Problems& problems) {
  static const Attribute kAttribute{.kind = &kLocalPath, .form = Form::ListOrScalar};
  AttributeReader reader(problems, false);
  const auto value = reader.read(node, kAttribute, fmt::format("/{}", section.name));
  std::vector<std::string> texts;
  if (value)
    for (const auto& text : std::get<Value::List>(value->data)) texts.push_back(std::get<std::string>(text.data));
  return texts;
}

bool readFlag(const Section& section, const Node& node, Problems& problems) {
  static const Attribute kAttribute{.kind = &kBoolean};
  AttributeReader reader(problems, false);
  const auto value = reader.read(node, kAttribute, fmt::format("/{}", section.name));
  return value ? *value == Value{true} : section.fallback == "yes";
}

void fillDefaults(const Section& section, Draft& draft) {
  const auto name = draft.item.values.find(section.key);
  const auto* text = name == draft.item.values.end() ? nullptr : std::get_if<std::string>(&name->second.data);
  for (const auto& attribute : section.attributes)
    if (!attribute.fallback.empty() && attribute.name != "when" && !draft.item.has(attribute.name))
      draft.item.values.emplace(attribute.name, defaultOf(attribute, text ? *text : ""));
}

}  // namespace deploy
