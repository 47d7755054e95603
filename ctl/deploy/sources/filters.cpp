// SPDX-License-Identifier: MIT
#include "ctl/deploy/sources/filters.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "lib/core/files.hpp"
#include "lib/core/text.hpp"

namespace deploy {
namespace {

using Arguments = std::vector<Operand>;
using OperandKind = Operand::Kind;

struct Filter {
  std::string_view name;
  std::size_t fewest;  // arguments
  std::size_t most;
  Outcome (*apply)(const Operand&, const Arguments&);
};

/// The text of what can be printed; a list or map is a complaint.
core::Result<std::string, Complaint> textOf(const Operand& value) {
  if (value.node || value.kind == OperandKind::Environment)
    return complain(fmt::format("a text is needed, but this is {}", value.kindName()));
  return value.printed();
}

template <class Change>
Outcome changeText(const Operand& value, Change change) {
  auto text = textOf(value);
  if (!text) return core::Err{std::move(text).error()};
  return Operand::ofText(std::string(change(*text)));
}

Outcome orDefault(const Operand& value, const Arguments& arguments) {
  const bool alsoForEmpty = arguments.size() > 1 && arguments[1].isTrue();
  if (value.kind != OperandKind::Undefined && (value.isTrue() || !alsoForEmpty)) return value;
  return arguments.empty() ? Operand::ofText("") : arguments[0];
}

Outcome toLower(const Operand& value, const Arguments&) {
  return changeText(value, [](const auto& text) { return core::lower(text); });
}

Outcome toUpper(const Operand& value, const Arguments&) {
  return changeText(value, [](const auto& text) { return core::upper(text); });
}

Outcome trimmed(const Operand& value, const Arguments&) {
  return changeText(value, [](const auto& text) { return core::trim(text); });
}

Outcome baseName(const Operand& value, const Arguments&) {
  return changeText(value, [](const auto& text) { return text.substr(text.rfind('/') + 1); });
}

Outcome directoryName(const Operand& value, const Arguments&) {
  return changeText(value, [](const auto& text) { return core::directoryOf(text); });
}

Outcome joined(const Operand& value, const Arguments& arguments) {
  if (value.kind != OperandKind::List)
    return complain(fmt::format("'join' needs a list, but this is {}", value.kindName()));
  const auto separator = arguments.empty() ? std::string() : textOf(arguments[0]);
  if (!separator) return core::Err{separator.error()};
  std::string result;
  bool hidden = false;
  for (std::size_t i = 0; i < value.node->items.size(); ++i) {
    hidden = hidden || value.node->items[i].hidden;
    const auto item = textOf(Operand::of(partOf(value.node, &value.node->items[i])));
    if (!item) return core::Err{item.error()};
    if (i > 0) result += *separator;
    result += *item;
    if (result.size() > kLongestText) return complain(kTextTooLong);
  }
  auto text = Operand::ofText(std::move(result));
  text.hidden = hidden;
  return text;
}

Outcome replaced(const Operand& value, const Arguments& arguments) {
  const auto text = textOf(value);
  const auto from = textOf(arguments[0]);
  const auto to = textOf(arguments[1]);
  if (!text || !from || !to) return core::Err{!text ? text.error() : !from ? from.error() : to.error()};
  if (from->empty()) return complain("'replace' needs a text that is not empty");
  std::string result;
  std::size_t at = 0;
  for (std::size_t next = text->find(*from); next != std::string::npos; next = text->find(*from, at)) {
    result += text->substr(at, next - at) + *to;
    at = next + from->size();
    if (result.size() > kLongestText) return complain(kTextTooLong);
  }
  return Operand::ofText(result + text->substr(at));
}

Outcome toInteger(const Operand& value, const Arguments& arguments) {
  constexpr double kLargest = 9.2e18;
  if (value.kind == OperandKind::Boolean) return Operand::ofInteger(value.boolean ? 1 : 0);
  const auto text = textOf(value);
  if (!text) return core::Err{text.error()};
  if (const auto number = core::parseInteger(core::trim(*text))) return Operand::ofInteger(*number);
  double real = value.real;
  if (value.kind != OperandKind::Real) {
    const auto digits = core::trim(*text);
    const char* end = digits.data() + digits.size();
    const auto parsed = std::from_chars(digits.data(), end, real);
    if (digits.empty() || parsed.ec != std::errc() || parsed.ptr != end)
      return arguments.empty() ? Operand::ofInteger(0) : arguments[0];
  }
  if (!(real > -kLargest && real < kLargest)) return complain("the number is too large");
  return Operand::ofInteger(static_cast<std::int64_t>(real));
}

Outcome toBoolean(const Operand& value, const Arguments&) {
  if (value.kind == OperandKind::Boolean) return Operand::ofBoolean(value.boolean);
  const auto text = textOf(value);
  if (!text) return core::Err{text.error()};
  if (const auto* flag = booleanOf(core::lower(*text))) return Operand::ofBoolean(*flag);
  if (*text == "1") return Operand::ofBoolean(true);
  if (*text == "0" || text->empty()) return Operand::ofBoolean(false);
  return complain(fmt::format("{} is not a boolean", value.hidden ? "the text" : "'" + *text + "'"), "write yes or no");
}

Outcome lengthOf(const Operand& value, const Arguments&) {
  if (value.node)
    return Operand::ofInteger(static_cast<std::int64_t>(value.node->items.size() + value.node->members.size()));
  const auto text = textOf(value);
  if (!text) return core::Err{text.error()};
  return Operand::ofInteger(static_cast<std::int64_t>(core::characters(*text)));
}

Outcome itemOf(const Operand& value, const char* filter, bool first) {
  if (value.kind != OperandKind::List)
    return complain(fmt::format("'{}' needs a list, but this is {}", filter, value.kindName()));
  const auto& items = value.node->items;
  if (items.empty()) return complain(fmt::format("'{}' needs a list that is not empty", filter));
  return Operand::of(partOf(value.node, first ? &items.front() : &items.back()));
}

Outcome firstOf(const Operand& value, const Arguments&) { return itemOf(value, "first", true); }

Outcome lastOf(const Operand& value, const Arguments&) { return itemOf(value, "last", false); }

constexpr std::array kFilters = {
    Filter{"default", 0, 2, orDefault}, Filter{"d", 0, 2, orDefault},       Filter{"lower", 0, 0, toLower},
    Filter{"upper", 0, 0, toUpper},     Filter{"trim", 0, 0, trimmed},      Filter{"join", 0, 1, joined},
    Filter{"replace", 2, 2, replaced},  Filter{"int", 0, 1, toInteger},     Filter{"bool", 0, 0, toBoolean},
    Filter{"length", 0, 0, lengthOf},   Filter{"count", 0, 0, lengthOf},    Filter{"first", 0, 0, firstOf},
    Filter{"last", 0, 0, lastOf},       Filter{"basename", 0, 0, baseName}, Filter{"dirname", 0, 0, directoryName},
};

core::Err<Complaint> unknown(std::string_view name) {
  std::vector<std::string_view> names;
  std::string all;
  for (const auto& filter : kFilters) {
    names.push_back(filter.name);
    all += fmt::format("{}{}", all.empty() ? "filters are: " : ", ", filter.name);
  }
  const auto near = name.size() < 64 ? core::nearest(name, names) : std::nullopt;
  return complain(fmt::format("the filter '{}' is not known", name),
                  near ? fmt::format("did you mean '{}'?", *near) : all);
}

}  // namespace

bool takesUndefined(std::string_view filter) noexcept { return filter == "default" || filter == "d"; }

Outcome applyFilter(std::string_view filter, const Operand& value, const std::vector<Operand>& arguments) {
  const auto* found =
      std::find_if(kFilters.begin(), kFilters.end(), [&](const auto& each) { return each.name == filter; });
  if (found == kFilters.end()) return unknown(filter);
  if (arguments.size() < found->fewest || arguments.size() > found->most)
    return complain(
        fmt::format("the filter '{}' needs {} arguments, not {}", filter,
                    found->fewest == found->most ? std::to_string(found->most) : fmt::format("at most {}", found->most),
                    arguments.size()));
  return found->apply(value, arguments);
}

}  // namespace deploy
