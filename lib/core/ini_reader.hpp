// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/result.hpp"

namespace core {

class IniDocument;

/// Reads `text` into `document`, which takes what it held before into account (a repeated section is continued). The
/// part of ini.hpp that knows the dialect; use IniDocument.
[[nodiscard]] Status readIni(IniDocument& document, std::string_view text, const std::string& file);

/// One line of an INI text as the reader understands it.
struct IniLine {
  enum class Kind { Blank, Comment, Section, Entry, Continuation };
  Kind kind = Kind::Blank;
  std::string name;                              ///< of a section; key of an entry, in lower case
  std::size_t indent = 0;                        ///< blanks that the line begins with
  std::size_t comment = std::string_view::npos;  ///< where the comment starts, npos without one; from the line's start
  std::string_view text;                         ///< the line without its end: a part of what was scanned
  std::string_view end;                          ///< "\n", "\r\n" or "\r"; empty at the end of a text without one
};
/// Every line of `text`, for those who change a text and must see it as the reader does. Fails where readIni fails. A
/// byte order mark is in no line.
[[nodiscard]] Expected<std::vector<IniLine>> scanIni(std::string_view text, const std::string& file);

}  // namespace core
