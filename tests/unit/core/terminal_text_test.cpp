// SPDX-License-Identifier: MIT
#include "lib/core/terminal_text.hpp"

#include <doctest/doctest.h>

#include "lib/core/json.hpp"
#include "lib/core/text.hpp"

using core::printable;
using std::string_view_literals::operator""sv;

TEST_CASE("The first character of a text has its length and code point") {
  CHECK(core::firstCharacter("a").code == U'a');
  CHECK(core::firstCharacter("\xC2\x9Bx").code == 0x9B);
  CHECK(core::firstCharacter("\xE2\x80\xAEx").code == 0x202E);
  CHECK(core::firstCharacter("\xF0\x9F\x98\x80").code == 0x1F600);
  CHECK(core::firstCharacter("\xF0\x9F\x98\x80").length == 4);
  CHECK(core::firstCharacter("\x9B").length == 0);
  CHECK(core::firstCharacter("\xE2\x80").length == 0);
}

TEST_CASE("Text that a terminal shows as it is does not change") {
  CHECK(printable("") == "");
  CHECK(printable("worker: exit status 1 (C:\\new)") == "worker: exit status 1 (C:\\new)");
  CHECK(printable("größer 日本 😀 👩\xE2\x80\x8D🚀") == "größer 日本 😀 👩\xE2\x80\x8D🚀");
}

TEST_CASE("Control characters are shown instead of executed") {
  CHECK(printable("a\033[2Jb\nc\td\re\x07") == "a\\x1b[2Jb\\nc\\td\\re\\x07");
  CHECK(printable("\0\x7F"sv) == "\\x00\\x7f");
  CHECK(printable("\xC2\x9B"
                  "31m") == "\\u009b31m");  // CSI of C1, as UTF-8
  CHECK(printable("\x9B"
                  "31m\xFF") == "\\x9b31m\\xff");  // and as a byte, for 8-bit terminals
  CHECK(printable("\xC2\x80\xC2\x9F\xC2\xA0") == "\\u0080\\u009f\xC2\xA0");
}

TEST_CASE("A text of several lines keeps line ends and tabs; everything else is as in one line") {
  CHECK(core::printableLines("a\tb\r\nc\033\xC2\x9B") == "a\tb\\r\nc\\x1b\\u009b");
}

TEST_CASE("Invisible characters that change the text beside them are shown") {
  CHECK(printable("a\xE2\x80\xAE"
                  "b\xE2\x81\xA6"
                  "c\xE2\x80\x8E\xD8\x9C") == "a\\u202eb\\u2066c\\u200e\\u061c");
  CHECK(printable("a\xE2\x80\xA8"
                  "b\xE2\x80\xA9") == "a\\u2028b\\u2029");
  CHECK(printable("a\xE2\x80\x8B\xEF\xBB\xBF\xF3\xA0\x81\x81") == "a\\u200b\\ufeff\\U000e0041");
}

TEST_CASE("Every character is either safe or escaped, and escaping twice changes nothing") {
  for (char32_t code : {0x00U, 0x1FU, 0x7FU, 0x9FU, 0x2028U, 0x202EU, 0x2060U, 0x206FU, 0xE0000U, 0xE007FU})
    CHECK(core::isUnsafeOnTerminal(code));
  for (char32_t code : {0x20U, 0x7EU, 0xA0U, 0x200CU, 0x200DU, 0x2027U, 0x202FU, 0x205FU, 0x2070U, 0xE0080U})
    CHECK_FALSE(core::isUnsafeOnTerminal(code));
  const std::string once = printable("\033]0;x\x07\xE2\x80\xAE");
  CHECK(printable(once) == once);
}

TEST_CASE("JSON carries unsafe characters as escapes: it may be printed on a terminal, too") {
  CHECK(core::jsonString("\033\xC2\x9B\xE2\x80\xAE\x7F") == R"("\u001b\u009b\u202e\u007f")");
  CHECK(core::jsonString("\xF3\xA0\x81\x81") == R"("\udb40\udc41")");
  CHECK(core::jsonString("\x9B") == "\"\xEF\xBF\xBD\"");
  CHECK(core::jsonString("é\"\\") == "\"é\\\"\\\\\"");
}

TEST_CASE("Complete sequences are removed, and nothing else") {
  using core::withoutSequences;
  CHECK(withoutSequences("plain\n\t") == "plain\n\t");
  CHECK(withoutSequences("\033[31mred\033[0m \033[1;38;2;1;2;3mx\033[K\n") == "red x\n");
  CHECK(withoutSequences("\033[?25l\033[2J\033[1 qx") == "x");
  CHECK(withoutSequences("a\033]0;title\ab\033]8;;http://x\033\\c") == "abc");
  CHECK(withoutSequences("a\033(Bb\0337c\033=d") == "abcd");
  // Incomplete and malformed sequences do not remove text.
  CHECK(withoutSequences("a\033") == "a");
  CHECK(withoutSequences("a\033[3") == "a");
  CHECK(withoutSequences("a\033]0;tit") == "a");
  CHECK(withoutSequences("a\033[3\nb") == "a\nb");
  CHECK(withoutSequences("a\033[3\xC3\xA4") == "a\xC3\xA4");
  CHECK(withoutSequences("a\033]0;no end\nb") == "a0;no end\nb");
  CHECK(withoutSequences("a\033\nb") == "a\033\nb");
  CHECK(withoutSequences("a\033     b") == "a\033     b");
  CHECK(withoutSequences("a\033[" + std::string(100, '1') + "b") == "a" + std::string(100, '1') + "b");
  CHECK(withoutSequences("a\033]0;x\033[31mb\033[0m") == "ab");
}

TEST_CASE("The same sequences are removed from a text that is read in pieces") {
  const std::string whole = "\033[31mred\033[0m x \033]0;title\ay \033(Bz \033\n end";
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    CAPTURE(cut);
    const auto front = whole.substr(0, cut), back = whole.substr(cut);
    // A lone ESC could begin a sequence; the next character shows that it does not.
    if (!front.ends_with("z \033"))
      CHECK(core::withoutSequences(front) + core::withoutSequences(back, front) == core::withoutSequences(whole));
  }
}
