// SPDX-License-Identifier: MIT
#include "lib/xmlrpc/writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "lib/core/text.hpp"

namespace xmlrpc {
namespace {

/// Bytes that can be copied unchanged, whatever their neighbours are.
constexpr auto kPlain = [] {
  std::array<bool, 256> plain{};
  for (int c = 0x20; c < 0x80; ++c) plain[c] = true;
  plain['\t'] = plain['\n'] = plain['\r'] = true;
  plain['&'] = plain['<'] = plain['>'] = false;
  return plain;
}();

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

void appendEscapedByte(std::string& out, char c) {
  switch (c) {
    case '&': out += "&amp;"; break;
    case '<': out += "&lt;"; break;
    case '>': out += "&gt;"; break;
    default:
      if (static_cast<unsigned char>(c) < 0x20)
        out += kReplacement;
      else
        out += c;
  }
}

/// U+FFFE and U+FFFF are valid UTF-8, but not allowed in XML.
bool isNoncharacter(std::string_view rest) {
  return rest.size() >= 3 && rest[0] == '\xEF' && rest[1] == '\xBF' && (rest[2] == '\xBE' || rest[2] == '\xBF');
}

void appendEscaped(std::string& out, std::string_view utf8) {
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    if (kPlain[static_cast<unsigned char>(utf8[i])]) {
      out += utf8[i];
    } else if (isNoncharacter(utf8.substr(i))) {
      out += kReplacement;
      i += 2;
    } else {
      appendEscapedByte(out, utf8[i]);
    }
  }
}

}  // namespace

void Writer::appendText(std::string& out, std::string_view text) {
  const auto plain = [](char c) { return kPlain[static_cast<unsigned char>(c)]; };
  const auto* firstSpecial = std::find_if_not(text.begin(), text.end(), plain);
  out.append(text.begin(), firstSpecial);
  if (firstSpecial == text.end()) return;
  const std::string_view rest = text.substr(static_cast<std::size_t>(firstSpecial - text.begin()));
  if (core::isUtf8(rest))
    appendEscaped(out, rest);
  else
    appendEscaped(out, core::toUtf8(rest));
}

void Writer::appendDigits(std::string& out, std::int64_t value) {
  using Int = std::int32_t;
  const std::int64_t clamped =
      std::clamp<std::int64_t>(value, std::numeric_limits<Int>::min(), std::numeric_limits<Int>::max());
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, clamped).ptr;
  out.append(digits, end);
}

void Writer::integer(std::int64_t value) {
  out_ += "<value><int>";
  appendDigits(out_, value);
  out_ += "</int></value>";
}

void Writer::boolean(bool value) {
  out_ += value ? "<value><boolean>1</boolean></value>" : "<value><boolean>0</boolean></value>";
}

void Writer::real(double value) {
  char digits[64];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  const std::string_view text(digits, static_cast<std::size_t>(end - digits));
  out_ += "<value><double>";
  out_ += text;
  if (text.find_first_not_of("-0123456789") == std::string_view::npos) out_ += ".0";
  out_ += "</double></value>";
}

void Writer::string(std::string_view value) {
  out_ += "<value><string>";
  appendText(out_, value);
  out_ += "</string></value>";
}

void Writer::nil() { out_ += "<value><nil/></value>"; }

void Writer::value(const Value& value) {
  struct Visitor {
    Writer& writer;
    void operator()(const Nil&) const { writer.nil(); }
    void operator()(std::int64_t v) const { writer.integer(v); }
    void operator()(bool v) const { writer.boolean(v); }
    void operator()(double v) const { writer.real(v); }
    void operator()(const std::string& v) const { writer.string(v); }
    void operator()(const DateTime& v) const {
      writer.out_ += "<value><dateTime.iso8601>";
      appendText(writer.out_, v.text);
      writer.out_ += "</dateTime.iso8601></value>";
    }
    void operator()(const Array& v) const {
      writer.beginArray();
      for (const Value& item : v) writer.value(item);
      writer.endArray();
    }
    void operator()(const Struct& v) const {
      writer.beginStruct();
      for (const auto& [name, item] : v) {
        std::string escaped;
        appendText(escaped, name);
        writer.member(escaped);
        writer.value(item);
      }
      writer.endStruct();
    }
  };
  std::visit(Visitor{*this}, value.data);
}

void Writer::beginArray() { out_ += "<value><array><data>"; }
void Writer::endArray() { out_ += "</data></array></value>"; }

void Writer::beginStruct() { out_ += "<value><struct>"; }

// Texts are escaped, so an output that ends with this tag is a struct without members.
void Writer::member(std::string_view name) {
  out_ += out_.ends_with("<struct>") ? "<member><name>" : "</member><member><name>";
  out_ += name;
  out_ += "</name>";
}

void Writer::endStruct() { out_ += out_.ends_with("<struct>") ? "</struct></value>" : "</member></struct></value>"; }

}  // namespace xmlrpc
