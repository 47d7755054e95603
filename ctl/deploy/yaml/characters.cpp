// SPDX-License-Identifier: MIT
#include "ctl/deploy/yaml/characters.hpp"

#include <fmt/core.h>

#include "lib/core/text.hpp"

namespace deploy {
namespace {

/// c-printable of YAML 1.1, without the byte order mark, which may only begin a file.
bool isAllowed(char32_t code) {
  return code == '\t' || code == '\n' || code == '\r' || (code >= 0x20 && code <= 0x7E) || code == 0x85 ||
         (code >= 0xA0 && code <= 0xD7FF) || (code >= 0xE000 && code <= 0xFFFD && code != 0xFEFF) || code >= 0x10000;
}

std::string nameOf(char32_t code) {
  if (code == 0) return "a NUL byte is not allowed in YAML";
  if (code == 0xFEFF) return "a byte order mark is allowed only at the start of a file";
  return fmt::format("the control character U+{:04X} is not allowed in YAML", static_cast<unsigned>(code));
}

}  // namespace

std::optional<BadCharacter> findBadCharacter(std::string_view text) {
  BadCharacter place;
  for (std::size_t at = 0; at < text.size();) {
    const auto character = core::firstCharacter(text.substr(at));
    if (character.length == 0) {
      place.reason = fmt::format("the byte 0x{:02x} is not UTF-8", static_cast<unsigned char>(text[at]));
      return place;
    }
    if (!isAllowed(character.code)) {
      place.reason = nameOf(character.code);
      return place;
    }
    const bool endsLine = text[at] == '\n' || (text[at] == '\r' && text.substr(at + 1, 1) != "\n");
    place.line += endsLine ? 1 : 0;
    place.column = endsLine ? 1 : place.column + 1;
    at += character.length;
  }
  return std::nullopt;
}

}  // namespace deploy
