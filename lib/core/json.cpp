// SPDX-License-Identifier: MIT
#include "lib/core/json.hpp"

#include "lib/core/terminal_text.hpp"
#include "lib/core/text.hpp"

namespace core {
namespace {

void appendUnit(std::string& out, char32_t unit) {
  constexpr char hex[] = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += hex[(unit >> shift) & 15U];
}

/// JSON's escape of any character: beyond U+FFFF two units of UTF-16.
void appendJsonEscape(std::string& out, char32_t code) {
  if (code < 0x10000) return appendUnit(out, code);
  appendUnit(out, 0xD7C0 + (code >> 10U));
  appendUnit(out, 0xDC00 + (code & 0x3FFU));
}

}  // namespace

std::string jsonString(std::string_view text) {
  std::string out = "\"";
  char before = 0;
  while (!text.empty()) {
    const auto [length, code] = firstCharacter(text);
    const std::string_view bytes = length == 0 ? std::string_view("\xEF\xBF\xBD") : text.substr(0, length);
    switch (length == 0 ? U'\uFFFD' : code) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      case '/': out += before == '<' ? "\\/" : "/"; break;
      default:
        if (length > 0 && isUnsafeOnTerminal(code))
          appendJsonEscape(out, code);
        else
          out += bytes;
    }
    before = bytes.back();
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out += '"';
}

}  // namespace core
