// SPDX-License-Identifier: MIT
#include "lib/core/json.hpp"

#include "lib/core/text.hpp"

namespace core {

std::string jsonString(std::string_view text) {
  constexpr char hex[] = "0123456789abcdef";
  std::string out = "\"";
  char before = 0;
  for (const char c : isUtf8(text) ? std::string(text) : toUtf8(text)) {
    const auto u = static_cast<unsigned char>(c);
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      case '/': out += before == '<' ? "\\/" : "/"; break;
      default:
        if (u < 0x20 || u == 0x7f) {
          out += "\\u00";
          out += hex[u >> 4];
          out += hex[u & 15];
        } else {
          out += c;
        }
    }
    before = c;
  }
  return out += '"';
}

}  // namespace core
