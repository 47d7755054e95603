// SPDX-License-Identifier: MIT
#include "lib/terminal/filter.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "lib/core/terminal_text.hpp"
#include "lib/core/text.hpp"

namespace terminal {
namespace {

constexpr char kEscape = '\033';
constexpr std::string_view kParameters = "0123456789;:?";  // the bytes between "CSI" and the final byte
constexpr std::size_t kLongest = 64;  // of a sequence; 24-bit colours for foreground and background need 40
/// Sequences without "CSI" that programs need: the first is in terminfo's "no attributes", the second is "up" of screen
/// and tmux.
constexpr std::array<std::string_view, 2> kShort{"\033(B", "\033M"};

bool isDigits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// A repeat count. At most four digits: a larger one could keep the terminal busy for minutes.
bool isCount(std::string_view text) { return text.size() <= 4 && isDigits(text); }

bool isOneOf(std::string_view text, std::initializer_list<std::string_view> allowed) {
  return std::find(allowed.begin(), allowed.end(), text) != allowed.end();
}

bool isColour(std::string_view parameters) {
  return parameters.find_first_not_of("0123456789;:") == std::string_view::npos;
}

/// "CSI parameters final" as line editors and redrawn tables send it.
bool isForScreen(std::string_view parameters, char final) {
  const auto semicolon = parameters.find(';');
  switch (final) {
    case 'A':
    case 'B':
    case 'C':
    case 'D':
    case 'G':  // the cursor, relative and in its line
    case '@':
    case 'P':  // insert and delete characters
      return isCount(parameters);
    case 'H':  // the cursor, absolute
      return isCount(parameters.substr(0, semicolon)) &&
             (semicolon == std::string_view::npos || isCount(parameters.substr(semicolon + 1)));
    case 'J':
    case 'K':  // erase; not 3J, which deletes the terminal's history
      return isOneOf(parameters, {"", "0", "1", "2"});
    case 'h':
    case 'l':  // insert mode, visibility of the cursor
      return isOneOf(parameters, {"4", "?25"});
    default: return false;
  }
}

bool isForLog(std::string_view parameters, char final) {
  // grep and compilers send "erase to the end of the line" with their colours; it is harmless after new text.
  return (final == 'm' && isColour(parameters)) || (final == 'K' && isOneOf(parameters, {"", "0"}));
}

/// Whether the bytes are the beginning of a UTF-8 character.
bool mayBecomeCharacter(std::string_view text) {
  const auto front = static_cast<unsigned char>(text.front());
  const std::size_t length = front >= 0xF0 && front <= 0xF4 ? 4 : front >= 0xE0 ? 3 : front >= 0xC2 ? 2 : 0;
  return text.size() < length && front <= 0xF4 && std::all_of(text.begin() + 1, text.end(), [](char c) {
           return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
         });
}

}  // namespace

std::string Filter::feed(std::string_view bytes) {
  const std::string text = std::exchange(held_, {}) + std::string(bytes);
  std::string out;
  out.reserve(text.size());
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t used = take(rest, out, false);
    if (used == 0) {
      held_ = rest;
      break;
    }
    rest.remove_prefix(used);
  }
  return out;
}

std::string Filter::finish() {
  const std::string text = std::exchange(held_, {});
  std::string out;
  for (std::string_view rest = text; !rest.empty();) rest.remove_prefix(take(rest, out, true));
  if (std::exchange(inserting_, false)) out += "\033[4l";
  if (std::exchange(hidden_, false)) out += "\033[?25h";
  if (std::exchange(coloured_, false)) out += "\033[0m";
  return out;
}

std::size_t Filter::wholeTokens(std::string_view filtered, std::size_t most) noexcept {
  if (filtered.size() <= most) return filtered.size();
  const std::size_t escape = filtered.substr(0, most).rfind(kEscape);
  if (escape != std::string_view::npos && escape + kLongest > most) {
    const bool isShort = filtered[escape + 1] != '[';
    const std::size_t last = isShort ? escape + 1 + (filtered[escape + 1] == '(' ? 1 : 0)
                                     : filtered.find_first_not_of(kParameters, escape + 2);
    if (last >= most) return escape;
  }
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(filtered[end]) & 0xC0U) == 0x80U) --end;
  if (end > 0 && filtered[end - 1] == '\r' && filtered[end] == '\n') --end;
  return end;
}

bool Filter::isAllowedControl(char32_t code) const noexcept {
  if (code == '\n' || code == '\t') return true;
  // 0x0F is SI, which selects the default character set: part of the "no attributes" of some terminals.
  return allows_ == Allows::Screen && (code == '\r' || code == '\b' || code == '\a' || code == 0x0F);
}

std::size_t Filter::take(std::string_view text, std::string& out, bool atEnd) {
  if (text.front() == kEscape) return takeEscape(text, out, atEnd);
  if (text.front() == '\r' && allows_ == Allows::Log) {  // a single one would let the line overwrite itself
    if (text.size() == 1 && !atEnd) return 0;
    out += text.starts_with("\r\n") ? "\r" : core::printable("\r");
    return 1;
  }
  if (text.front() == '\0' && allows_ == Allows::Screen) return 1;  // terminfo uses it as padding
  const auto [length, code] = core::firstCharacter(text);
  if (length == 0 && !atEnd && mayBecomeCharacter(text)) return 0;
  const std::string_view token = text.substr(0, length == 0 ? 1 : length);
  if (length > 0 && isAllowedControl(code))
    out += token;
  else
    out += core::printable(token);
  return token.size();
}

std::size_t Filter::takeEscape(std::string_view text, std::string& out, bool atEnd) {
  const auto show = [&out] {
    out += core::printable("\033");
    return std::size_t{1};
  };
  for (const auto sequence : kShort) {
    if (allows_ != Allows::Screen || !(text.starts_with(sequence) || sequence.starts_with(text))) continue;
    if (text.size() < sequence.size()) return atEnd ? show() : 0;
    out += sequence;
    return sequence.size();
  }
  if (text.size() == 1) return atEnd ? show() : 0;
  if (text[1] != '[') return show();
  const auto end = text.find_first_not_of(kParameters, 2);
  if (end == std::string_view::npos) return atEnd || text.size() >= kLongest ? show() : 0;
  const std::string_view parameters = text.substr(2, end - 2);
  const bool allowed =
      isForLog(parameters, text[end]) || (allows_ == Allows::Screen && isForScreen(parameters, text[end]));
  if (!allowed || end >= kLongest) return show();
  note(text.substr(0, end + 1));
  out += text.substr(0, end + 1);
  return end + 1;
}

void Filter::note(std::string_view sequence) noexcept {
  if (sequence.back() == 'm') coloured_ = sequence != "\033[m" && sequence != "\033[0m";
  if (sequence == "\033[4h" || sequence == "\033[4l") inserting_ = sequence.back() == 'h';
  if (sequence == "\033[?25h" || sequence == "\033[?25l") hidden_ = sequence.back() == 'l';
}

}  // namespace terminal
