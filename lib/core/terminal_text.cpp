// SPDX-License-Identifier: MIT
#include "lib/core/terminal_text.hpp"

#include <algorithm>
#include <array>

#include "lib/core/text.hpp"

namespace core {
namespace {

struct Range {
  char32_t first, last;
};
constexpr std::array unsafe = {
    Range{0x0000, 0x001F}, Range{0x007F, 0x009F},    // C0, DEL, C1
    Range{0x00AD, 0x00AD}, Range{0x061C, 0x061C},    // soft hyphen; Arabic letter mark
    Range{0x180E, 0x180E}, Range{0x200B, 0x200B},    // Mongolian vowel separator; zero width space
    Range{0x200E, 0x200F}, Range{0x2028, 0x202E},    // marks; separators, embeddings and overrides
    Range{0x2060, 0x206F}, Range{0xFEFF, 0xFEFF},    // invisible operators, isolates; zero width no-break space
    Range{0xFFF9, 0xFFFB}, Range{0xE0000, 0xE007F},  // interlinear annotation; tags
};

void appendHex(std::string& out, char32_t value, int digits) {
  constexpr char hex[] = "0123456789abcdef";
  while (digits-- > 0) out += hex[(value >> (4 * digits)) & 15U];
}

void appendEscape(std::string& out, char32_t character) {
  switch (character) {
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  const int digits = character < 0x80 ? 2 : character < 0x10000 ? 4 : 8;
  out += digits == 2 ? "\\x" : digits == 4 ? "\\u" : "\\U";
  appendHex(out, character, digits);
}

std::string shown(std::string_view text, std::string_view kept) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto [length, code] = firstCharacter(text);
    if (length == 0) {
      out += "\\x";
      appendHex(out, static_cast<unsigned char>(text.front()), 2);
    } else if (isUnsafeOnTerminal(code) && kept.find(text.front()) == std::string_view::npos) {
      appendEscape(out, code);
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

}  // namespace

bool isUnsafeOnTerminal(char32_t character) noexcept {
  return std::any_of(unsafe.begin(), unsafe.end(),
                     [=](const Range& range) { return character >= range.first && character <= range.last; });
}

std::string printable(std::string_view text) { return shown(text, {}); }

std::string printableLines(std::string_view text) { return shown(text, "\n\t"); }

}  // namespace core
