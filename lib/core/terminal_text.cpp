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
constexpr std::array kUnsafe = {
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
  if (isPlainAscii(text)) return std::string(text);
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

constexpr char kEscape = '\033';
constexpr std::size_t kLongestControl = 64;  // colours of 24 bits for both grounds need 40
constexpr std::size_t kMostIntermediates = 2;

bool isBetween(char c, char first, char last) { return c >= first && c <= last; }

/// "ESC [ parameters intermediates final". Ended by what cannot be part of it, it goes up to there.
std::size_t controlLength(std::string_view text) {
  std::size_t at = 2;
  while (at < text.size() && isBetween(text[at], '0', '?')) ++at;
  while (at < text.size() && isBetween(text[at], ' ', '/')) ++at;
  if (at > kLongestControl) return 2;
  if (at == text.size()) return at;
  return isBetween(text[at], '@', '~') ? at + 1 : at;
}

/// "ESC ] text BEL" or "ESC ] text ESC \": titles, links. It stays within its line.
std::size_t stringLength(std::string_view text) {
  const auto at = text.find_first_of("\a\n\033", 2);
  if (at == std::string_view::npos) return text.size();
  if (text[at] == '\a') return at + 1;
  if (text[at] == '\n') return 2;
  return at + 1 == text.size() ? at + 1 : text[at + 1] == '\\' ? at + 2 : at;
}

/// Of the sequence at the front of a text that starts with ESC, or what there is of it. 0: it is none.
std::size_t sequenceLength(std::string_view text) {
  if (text.size() == 1) return 1;
  if (text[1] == '[') return controlLength(text);
  if (std::string_view("]PX^_").find(text[1]) != std::string_view::npos) return stringLength(text);
  std::size_t at = 1;
  while (at < text.size() && isBetween(text[at], ' ', '/')) ++at;
  if (at > 1 + kMostIntermediates) return 0;
  if (at == text.size()) return at;
  return isBetween(text[at], '0', '~') ? at + 1 : 0;
}

}  // namespace

bool isUnsafeOnTerminal(char32_t character) noexcept {
  return std::any_of(kUnsafe.begin(), kUnsafe.end(),
                     [=](const Range& range) { return character >= range.first && character <= range.last; });
}

std::string printable(std::string_view text) { return shown(text, {}); }

std::string withoutSequences(std::string_view text, std::string_view before) {
  const std::string whole = std::string(before) + std::string(text);
  std::string out;
  out.reserve(text.size());
  const auto keep = [&](std::size_t from, std::size_t to) {
    from = std::max(from, before.size());
    if (from < to) out.append(whole, from, to - from);
  };
  std::size_t at = 0;
  for (std::size_t next; (next = whole.find(kEscape, at)) != std::string::npos;) {
    keep(at, next);
    const std::size_t length = sequenceLength(std::string_view(whole).substr(next));
    if (length == 0) keep(next, next + 1);
    at = next + std::max<std::size_t>(length, 1);
  }
  keep(at, whole.size());
  return out;
}

std::string printableLines(std::string_view text) { return shown(text, "\n\t"); }

}  // namespace core
