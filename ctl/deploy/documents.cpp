// SPDX-License-Identifier: MIT
#include "ctl/deploy/documents.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "lib/core/json.hpp"
#include "lib/core/text.hpp"

namespace deploy {
namespace {

/// Containers up to this many characters stay in one line.
constexpr std::size_t kShort = 100;

/// A scalar value, as JSON.
std::string scalar(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value.data)) return core::jsonString(*text);
  if (const auto* number = std::get_if<std::int64_t>(&value.data)) return fmt::format("{}", *number);
  if (const auto* flag = std::get_if<bool>(&value.data)) return *flag ? "true" : "false";
  const double number = std::get<double>(value.data);
  if (!std::isfinite(number)) return core::jsonString(fmt::format("{}", number));
  const auto shortest = fmt::format("{}", number);
  return shortest.find_first_of(".e") == std::string::npos ? shortest + ".0" : shortest;
}

bool isContainer(const Value& value) {
  return std::holds_alternative<Value::List>(value.data) || std::holds_alternative<Value::Map>(value.data);
}

bool isMap(const Value& value) { return std::holds_alternative<Value::Map>(value.data); }

/// Writes JSON. A container is written in one line first, and taken back if it becomes too long, so that the work stays
/// proportional to the text.
class JsonWriter {
 public:
  void write(const Value& value, std::size_t indent) {
    if (!isContainer(value)) {
      out_ += scalar(value);
    } else if (const auto before = out_.size(); !writeShort(value, before + kShort)) {
      out_.resize(before);
      writeLong(value, indent);
    }
  }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  /// False as soon as the text is longer than `end`.
  bool writeShort(const Value& value, std::size_t end) {
    bool fits = true;
    if (const auto* items = std::get_if<Value::List>(&value.data)) {
      out_ += '[';
      for (std::size_t i = 0; i < items->size() && fits; ++i) {
        if (i > 0) out_ += ", ";
        fits = writeShort((*items)[i], end);
      }
      out_ += ']';
    } else if (const auto* members = std::get_if<Value::Map>(&value.data)) {
      out_ += '{';
      for (std::size_t i = 0; i < members->size() && fits; ++i) {
        if (i > 0) out_ += ", ";
        out_ += core::jsonString((*members)[i].first) + ": ";
        fits = writeShort((*members)[i].second, end);
      }
      out_ += '}';
    } else {
      out_ += scalar(value);
    }
    return fits && out_.size() <= end;
  }

  void writeLong(const Value& value, std::size_t indent) {
    const auto* const items = std::get_if<Value::List>(&value.data);
    const auto* const members = std::get_if<Value::Map>(&value.data);
    out_ += items ? '[' : '{';
    const auto size = items ? items->size() : members->size();
    for (std::size_t i = 0; i < size; ++i) {
      out_ += i > 0 ? ",\n" : "\n";
      out_.append(indent + 2, ' ');
      if (members) out_ += core::jsonString((*members)[i].first) + ": ";
      write(items ? (*items)[i] : (*members)[i].second, indent + 2);
    }
    out_ += '\n';
    out_.append(indent, ' ');
    out_ += items ? ']' : '}';
  }

  std::string out_;
};

/// Whether a text needs no quotes in YAML and stays a text: a word of harmless characters, but not a number,
/// boolean or null.
bool isPlain(std::string_view text) {
  const auto harmless = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '/' ||
           c == '.' || c == '-';
  };
  if (text.empty() || !std::all_of(text.begin(), text.end(), harmless)) return false;
  if (text[0] == '-' || text[0] == '.' || (text[0] >= '0' && text[0] <= '9')) return false;
  static const std::vector<std::string> kWords{"y", "n", "yes", "no", "true", "false", "on", "off", "null"};
  return std::find(kWords.begin(), kWords.end(), core::lower(text)) == kWords.end();
}

std::string yamlScalar(const Value& value) {
  const auto* const text = std::get_if<std::string>(&value.data);
  return text && isPlain(*text) ? *text : scalar(value);
}

std::string yamlKey(const std::string& key) { return isPlain(key) ? key : core::jsonString(key); }

void writeYaml(std::string& out, const Value& value, std::size_t indent);

/// A value after "key:" or "-".
void writeYamlAfter(std::string& out, const Value& value, std::size_t indent) {
  const auto* const items = std::get_if<Value::List>(&value.data);
  const auto* const members = std::get_if<Value::Map>(&value.data);
  if (items && items->empty()) {
    out += " []\n";
  } else if (members && members->empty()) {
    out += " {}\n";
  } else if (items && std::none_of(items->begin(), items->end(), isContainer)) {
    out += " [";
    for (std::size_t i = 0; i < items->size(); ++i) out += (i > 0 ? ", " : "") + yamlScalar((*items)[i]);
    out += "]\n";
  } else if (items || members) {
    out += '\n';
    writeYaml(out, value, indent);
  } else {
    out += ' ' + yamlScalar(value) + '\n';
  }
}

void writeYaml(std::string& out, const Value& value, std::size_t indent) {
  if (const auto* items = std::get_if<Value::List>(&value.data)) {
    for (const auto& item : *items) {
      const auto begin = out.size();
      writeYaml(out, item, indent + 2);
      if (out.size() == begin) out += std::string(indent + 2, ' ') + (isMap(item) ? "{}\n" : "[]\n");
      out[begin + indent] = '-';  // instead of a blank
    }
  } else if (const auto* members = std::get_if<Value::Map>(&value.data)) {
    for (const auto& [key, member] : *members) {
      out.append(indent, ' ');
      out += yamlKey(key) + ':';
      writeYamlAfter(out, member, indent + 2);
    }
  } else {
    out.append(indent, ' ');
    out += yamlScalar(value) + '\n';
  }
}

}  // namespace

Value text(std::string value) { return {std::move(value)}; }
Value flag(bool value) { return {value}; }
Value list(Value::List values) { return {std::move(values)}; }
Value map(Value::Map members) { return {std::move(members)}; }

std::string toJson(const Value& value) {
  JsonWriter writer;
  writer.write(value, 0);
  return writer.take() + "\n";
}

std::string toYaml(const Value& value) {
  std::string out;
  writeYaml(out, value, 0);
  return out;
}

}  // namespace deploy
