// SPDX-License-Identifier: MIT
#include "lib/terminal/filter.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>

using terminal::Filter;
using std::string_view_literals::operator""sv;

namespace {

std::string through(Filter::Allows allows, std::string_view bytes) {
  Filter filter(allows);
  std::string out = filter.feed(bytes);
  return out + filter.finish();
}
std::string asLog(std::string_view bytes) { return through(Filter::Allows::Log, bytes); }
std::string asScreen(std::string_view bytes) { return through(Filter::Allows::Screen, bytes); }

/// The same, byte by byte: what a sequence is does not depend on how reads cut it.
std::string byByte(Filter::Allows allows, std::string_view bytes) {
  Filter filter(allows);
  std::string out;
  for (const char c : bytes) out += filter.feed({&c, 1});
  return out + filter.finish();
}

constexpr std::array kAttacks{
    "\033[c"sv,
    "\033[>c"sv,
    "\033[=c"sv,
    "\033[0c"sv,
    "\033[5n"sv,
    "\033[6n"sv,
    "\033[?6n"sv,
    "\033Z"sv,  // answer-back
    "\033P$qm\033\\"sv,
    "\033P+q544e\033\\"sv,
    "\033[x"sv,
    "\033[?2026$p"sv,
    "\033[18t"sv,
    "\033[21t"sv,
    "\x05"sv,
    "\033]0;title\x07"sv,
    "\033]52;c;aWQ=\x07"sv,
    "\033]52;c;?\033\\"sv,
    "\033]10;?\033\\"sv,
    "\033]8;;x\033\\"sv,
    "\033_G\033\\"sv,
    "\033^x\033\\"sv,
    "\033X\033\\"sv,  // strings
    "\033[?1049h"sv,
    "\033[?1000h"sv,
    "\033[?2004l"sv,
    "\033[20h"sv,
    "\033[4;20h"sv,
    "\033[?25;1000h"sv,  // modes
    "\033c"sv,
    "\033[!p"sv,
    "\033[3J"sv,
    "\033[2;5r"sv,
    "\033#8"sv,
    "\033(0"sv,
    "\033)0"sv,
    "\x0E"sv,
    "\033n"sv,
    "\033[>4;2m"sv,
    "\033[?4m"sv,
    "\033[99999C"sv,
    "\033[5i"sv,
    "\033[4i"sv,
    "\033 F"sv,
    "\033%@"sv,
    "\033[1 q"sv,
    "\x9B"
    "c"sv,
    "\xC2\x9B"
    "c"sv,
    "\xC2\x9D"
    "0;t\x07"sv,
    "\xC2\x90$q\xC2\x9C"sv,
    "\x90$q\x9C"sv,
    "\xE2\x80\xAE"sv,
    "\033[\030c"sv,
    "\033[1\n;2c"sv,
    "\033\033[c"sv,
    "\x7F"sv,
    "\x0B"sv,
    "\x0C"sv,
    "\x1A"sv,
};

/// No byte that a terminal obeys but those of a sequence that is allowed.
bool isTame(std::string_view out, std::string_view allowed) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto byte = static_cast<unsigned char>(out[i]);
    if (byte < 0x20 && allowed.find(out[i]) == std::string_view::npos) return false;
    if (byte == 0x7F || byte == 0xC2) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("Text, lines, tabs and colours pass") {
  const auto text = "\033[1;32mok\033[0m größer 日本 😀\r\n\t\033[38;2;1;2;3mx\033[K\033[m\033[38:5:9my\033[m\n"sv;
  CHECK(asLog(text) == text);
  CHECK(asScreen(text) == text);
  CHECK(byByte(Filter::Allows::Log, text) == text);
}

TEST_CASE("Sequences that make a terminal answer, execute, store or hide are shown, in a log and on a screen") {
  for (const auto attack : kAttacks) {
    CAPTURE(attack);
    CHECK(isTame(asLog(attack), "\n"));
    CHECK(isTame(asScreen(attack), "\n\a"));  // the bell passes, the title does not change
    CHECK(byByte(Filter::Allows::Log, attack) == asLog(attack));
    CHECK(byByte(Filter::Allows::Screen, attack) == asScreen(attack));
    CHECK(asLog(std::string(attack) + "\nafter\n").ends_with("\nafter\n"));
  }
  CHECK(asLog("\033]0;title\x07") == "\\x1b]0;title\\x07");
  CHECK(asScreen("\x9B"
                 "31m") == "\\x9b31m");
}

TEST_CASE("A log must not overwrite earlier output; a screen may") {
  for (const auto move :
       {"\033[A"sv, "\033[2;3H"sv, "\033[2K"sv, "\033[J"sv, "\b"sv, "\033[?25l\033[?25h"sv, "\033[4hx\033[4l"sv,
        "\033[3@"sv, "\033[P"sv, "\033[12G"sv, "\033M"sv, "\x07"sv, "\033(B\033[m\x0F"sv}) {
    CAPTURE(move);
    CHECK(asScreen(move) == move);
    CHECK(byByte(Filter::Allows::Screen, move) == move);
    CHECK(asLog(move) != move);
  }
  CHECK(asLog("over\rwritten\r\n") == "over\\rwritten\r\n");
  CHECK(asScreen("over\rwritten\r\n") == "over\rwritten\r\n");
  CHECK(asScreen("\0padding"sv) == "padding");
}

TEST_CASE("An incomplete sequence is held back, shown at the end, and limited in length") {
  Filter filter(Filter::Allows::Log);
  CHECK(filter.feed("a\033[3") == "a");
  CHECK(filter.feed("1mb") == "\033[31mb");
  CHECK(filter.feed("\xE2\x82") == "");
  CHECK(filter.feed("\xAC") == "€");
  CHECK(filter.feed("\xE2\x82") == "");
  CHECK(filter.feed("x") == "\\xe2\\x82x");
  CHECK(filter.feed("\033") == "");
  CHECK(filter.finish() == "\\x1b\033[0m");
  CHECK(filter.finish() == "");
  CHECK(filter.feed("\033[" + std::string(100, '1')).starts_with("\\x1b[11"));
}

TEST_CASE("The end resets the terminal") {
  CHECK(asScreen("\033[?25l\033[4h\033[31mx") == "\033[?25l\033[4h\033[31mx\033[4l\033[?25h\033[0m");
  CHECK(asLog("\033[31mx\033[m") == "\033[31mx\033[m");
}

TEST_CASE("Random bytes never leave a sequence that is not allowed, however they are cut") {
  std::uint32_t state = 7;
  const auto next = [&state] { return state = state * 1664525U + 1013904223U, state >> 16U; };
  constexpr auto alphabet = "\033\033\033[[]?;:0123456789mKHJAhlcnPq\\\a\b\r\n\x9B\xC2\xE2\x80\xAE(B x"sv;
  for (int round = 0; round < 2000; ++round) {
    std::string bytes;
    for (int i = 0; i < 40; ++i) bytes += alphabet[next() % alphabet.size()];
    const std::string log = asLog(bytes);
    CAPTURE(bytes);
    CHECK(byByte(Filter::Allows::Log, bytes) == log);
    CHECK(byByte(Filter::Allows::Screen, bytes) == asScreen(bytes));
    CHECK(asLog(log) == log);  // nothing is held back
    CHECK(asScreen(asScreen(bytes)) == asScreen(bytes));
  }
}
