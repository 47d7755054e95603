// SPDX-License-Identifier: MIT
#include "lib/core/ini_reader.hpp"

#include <fmt/format.h>
#include <ini.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <optional>

#include "lib/core/ini.hpp"
#include "lib/core/text.hpp"

namespace core {
namespace {

constexpr auto kNpos = std::string_view::npos;
constexpr std::string_view kMark = "\xEF\xBB\xBF";  // of the byte order

/// Where the comment of a line starts, or npos. Python searches its prefixes in rounds, one occurrence of each a round,
/// so that this is not always the earliest candidate: "a;b ;c #d" ends at the '#'. Files depend on what was read so
/// far.
std::size_t commentStart(std::string_view line) {
  const auto content = trim(line);
  if (!content.empty() && (content[0] == '#' || content[0] == ';')) return 0;
  std::array<std::size_t, 2> at{kNpos, kNpos};
  std::array<bool, 2> alive{true, true};
  constexpr std::array prefix{';', '#'};
  std::size_t best = kNpos;
  while (best == kNpos && (alive[0] || alive[1])) {
    for (std::size_t i = 0; i < prefix.size(); ++i) {
      if (!alive[i]) continue;
      at[i] = line.find(prefix[i], at[i] + 1);
      alive[i] = at[i] != kNpos;
      if (alive[i] && (at[i] == 0 || isBlank(line[at[i] - 1]))) best = std::min(best, at[i]);
    }
  }
  return best;
}

/// Builds logical lines (comments, continuation, sections) itself, so that it knows files and line numbers, and gives
/// inih the single "key = value" lines to take apart: inih alone cuts long names and does not know indentation.
class Reader {
 public:
  /// `seen`, where it is given, gets what each line is.
  Reader(IniDocument& document, std::string_view text, const std::string& file, std::vector<IniLine>* seen)
      : document_(document), text_(text), file_(std::make_shared<const std::string>(file)), seen_(seen) {
    if (text_.starts_with(kMark)) text_.remove_prefix(kMark.size());
  }

  Status run() {
    setUpInih();
    const int result = ini_parse_stream(&Reader::feed, this, &Reader::takeEntry, this);
    finishValue();
    if (!failure_.empty()) return Err{Error{std::move(failure_)}};
    if (!badLines_.empty()) return Err{Error{"Source contains parsing errors: " + pythonRepr(*file_) + badLines_}};
    if (result != 0) return Err{Error{fmt::format("{}: not enough memory", *file_)}};
    return {};
  }

 private:
  /// inih's settings are process-wide variables. Its buffer takes the longest line of this text.
  void setUpInih() const {
    std::size_t longest = 0;
    for (std::size_t from = 0; from < text_.size();) {
      const auto end = std::min(text_.find('\n', from), text_.size());
      longest = std::max(longest, end - from);
      from = end + 1;
    }
    ini_use_stack = false;
    ini_allow_realloc = false;
    ini_max_line = ini_initial_alloc = static_cast<int>(std::max<std::size_t>(longest + 8, 256));
    ini_allow_inline_comments = false;
    ini_allow_multiline = false;
    ini_allow_bom = false;
    static char none[] = "";
    ini_start_comment_prefixes = none;
    ini_stop_on_first_error = true;
  }

  static int takeEntry(void* self, const char*, const char* key, const char* value) {
    static_cast<Reader*>(self)->option(key, value);
    return 1;
  }

  void option(std::string_view key, std::string_view value) {
    key = trim(key);
    finishValue();
    if (key.empty()) return badLine();
    value_.emplace(IniEntry{lower(key), std::string(trim(value)), place()});
    noteComment();
  }

  /// The current line is of the value, and may end in a comment.
  void noteComment() {
    if (comment_ != kNpos) value_->commentLine = line_;
  }

  /// Puts the value that was being continued in its place.
  void finishValue() {
    if (!value_) return;
    while (!value_->value.empty() && isBlank(value_->value.back())) value_->value.pop_back();
    document_.open(section_, place()).set(std::move(*value_));
    value_.reset();
  }

  static char* feed(char* buffer, int size, void* self) {
    return static_cast<Reader*>(self)->nextForInih(buffer, size);
  }

  /// Processes lines until there is one for inih to split; null at the end or after a failure.
  char* nextForInih(char* buffer, int size) {
    while (at_ < text_.size() && failure_.empty()) {
      takeLine();
      const auto comment = commentStart(raw_);
      const auto content = trim(raw_.substr(0, comment));
      if (content.empty()) {
        if (comment == kNpos && value_) value_->value += '\n';
        saw(comment == kNpos ? IniLine::Kind::Blank : IniLine::Kind::Comment, {}, comment);
        continue;
      }
      comment_ = comment;
      if (!handled(content)) {
        if (content.size() + 2 > static_cast<std::size_t>(size)) {
          failure_ = fmt::format("{}, line {}: the line is too long", *file_, line_);
          return nullptr;
        }
        std::memcpy(buffer, content.data(), content.size());
        std::memcpy(buffer + content.size(), "\n", 2);
        return buffer;
      }
    }
    return nullptr;
  }

  /// Deals with everything but a plain option line.
  bool handled(std::string_view content) {
    std::size_t indent = 0;
    while (isBlank(raw_[indent])) ++indent;
    if (value_ && indent > indent_) {
      saw(IniLine::Kind::Continuation, {}, comment_);
      value_->value += '\n';
      value_->value += content;
      noteComment();
      return true;
    }
    indent_ = indent;
    if (content[0] == '[') {
      const auto close = content.rfind(']');
      if (close != kNpos && close > 1) {
        saw(IniLine::Kind::Section, std::string(content.substr(1, close - 1)), comment_);
        openSection(content.substr(1, close - 1));
        return true;
      }
    }
    if (!inSection_) {
      failure_ = fmt::format("File contains no section headers.\nfile: {}, line: {}\n{}", pythonRepr(*file_), line_,
                             pythonRepr(raw_));
      return true;
    }
    const auto delimiter = content.find_first_of("=:");
    if (delimiter == kNpos) {
      badLine();
      return true;
    }
    saw(IniLine::Kind::Entry, lower(trim(content.substr(0, delimiter))), comment_);
    if (content[0] == '[') {  // inih would take it for a section
      option(content.substr(0, delimiter), content.substr(delimiter + 1));
      return true;
    }
    return false;
  }

  void openSection(std::string_view name) {
    finishValue();
    section_ = name;
    inSection_ = true;
    const auto* known = document_.find(section_);
    auto& section = document_.open(section_, place());
    if (known) section.repeat(place());
  }

  void saw(IniLine::Kind kind, std::string name, std::size_t comment) {
    if (seen_) seen_->push_back({kind, std::move(name), 0, comment, {}, {}});
  }

  void takeLine() {
    const auto end = text_.find('\n', at_);
    raw_ = text_.substr(at_, end == kNpos ? kNpos : end - at_ + 1);
    at_ = end == kNpos ? text_.size() : end + 1;
    ++line_;
  }

  void badLine() { badLines_ += fmt::format("\n\t[line {:2}]: {}", line_, pythonRepr(raw_)); }
  [[nodiscard]] IniPlace place() const { return {file_, line_}; }

  IniDocument& document_;
  std::string_view text_;
  std::shared_ptr<const std::string> file_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 0;
  std::string_view raw_;  ///< the current line with its newline
  std::size_t indent_ = 0;
  std::string section_;
  bool inSection_ = false;
  std::optional<IniEntry> value_;  ///< the entry that following lines may continue
  std::string badLines_;
  std::string failure_;
  std::size_t comment_ = kNpos;  ///< where that of the current line starts
  std::vector<IniLine>* seen_;   ///< may be null
};

/// Universal newlines: "\r\n" and "\r" become "\n".
std::string unifyNewlines(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r') {
      out += '\n';
      if (i + 1 < text.size() && text[i + 1] == '\n') ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

/// Why a text cannot be an INI text, with the line; empty if it can.
std::string refusal(std::string_view text, const std::string& file) {
  std::size_t line = 1;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto content = text.substr(0, end);
    if (content.find('\0') != kNpos) return fmt::format("{}, line {}: a NUL byte", file, line);
    if (!isUtf8(content))
      return fmt::format("'utf-8' codec can't decode this text: file {}, line {} has bytes that are not UTF-8", file,
                         line);
    text.remove_prefix(end == kNpos ? text.size() : end + 1);
    ++line;
  }
  return {};
}

Status read(IniDocument& document, std::string_view text, const std::string& file, std::vector<IniLine>* seen) {
  if (text.size() > static_cast<std::size_t>(std::numeric_limits<int>::max() / 2))
    return Err{Error{file + ": too large"}};
  std::string unified;
  if (text.find('\r') != kNpos) text = unified = unifyNewlines(text);
  if (auto why = refusal(text, file); !why.empty()) return Err{Error{std::move(why)}};
  return Reader(document, text, file, seen).run();
}

/// Takes the first line off `text`, cut where unifyNewlines() cuts.
void takeLine(std::string_view& text, IniLine& line) {
  const auto at = std::min(text.find_first_of("\r\n"), text.size());
  line.text = text.substr(0, at);
  line.end = text.substr(at, text.substr(at).starts_with("\r\n") ? 2 : 1);
  text.remove_prefix(at + line.end.size());
  while (line.indent < line.text.size() && isBlank(line.text[line.indent])) ++line.indent;
}

}  // namespace

Status readIni(IniDocument& document, std::string_view text, const std::string& file) {
  return read(document, text, file, nullptr);
}

Expected<std::vector<IniLine>> scanIni(std::string_view text, const std::string& file) {
  IniDocument document;
  std::vector<IniLine> lines;
  if (auto status = read(document, text, file, &lines); !status) return Err{std::move(status).error()};
  if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
  for (auto& line : lines) takeLine(text, line);
  return lines;
}

}  // namespace core
