// SPDX-License-Identifier: MIT
#include "lib/core/shell_words.hpp"

#include <map>
#include <optional>

namespace core {
namespace {

bool isShellSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/// The characters of a word outside quotes: all but separators (a command), or those of a list (environment).
enum class WordCharacters { AllButBlanks, Listed };

/// One token after the other, as Python's shlex in POSIX mode delivers them: quotes ' and ", escape \, and, where only
/// listed characters make words, comments from # to the end of the line and every other character a token of its own.
class Lexer {
 public:
  Lexer(std::string_view text, WordCharacters characters)
      : text_(text), listed_(characters == WordCharacters::Listed) {}

  /// The next token; nullopt at the end.
  Expected<std::optional<std::string>> next() {
    skipBlanks();
    if (at_ == text_.size()) return std::optional<std::string>();
    if (listed_ && !isWord(text_[at_]) && !isQuote(text_[at_]) && text_[at_] != '\\')
      return std::optional<std::string>(std::string(1, text_[at_++]));
    std::string word;
    while (at_ < text_.size() && !isShellSpace(text_[at_])) {
      const char c = text_[at_];
      const char* problem = nullptr;
      if (isQuote(c))
        problem = quoted(word);
      else if (c == '\\')
        problem = escaped(word);
      else if (listed_ && !isWord(c))
        break;
      else
        word += text_[at_++];
      if (problem) return Err{Error{problem}};
    }
    return std::optional<std::string>(std::move(word));
  }

  /// The comments passed over so far.
  [[nodiscard]] const std::vector<std::string>& comments() const noexcept { return comments_; }

 private:
  static bool isQuote(char c) { return c == '\'' || c == '"'; }
  [[nodiscard]] bool isWord(char c) const {
    const auto u = static_cast<unsigned char>(c);
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || u >= 0x80 ||
           std::string_view("_/.+-():").find(c) != std::string_view::npos;
  }
  void skipBlanks() {
    for (; at_ < text_.size(); ++at_) {
      if (listed_ && text_[at_] == '#') {
        const std::size_t start = at_;
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
        comments_.emplace_back(text_.substr(start, at_ - start));
        if (at_ == text_.size()) return;
      } else if (!isShellSpace(text_[at_])) {
        return;
      }
    }
  }
  const char* quoted(std::string& word) {
    const char quote = text_[at_++];
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == quote) {
        ++at_;
        return nullptr;
      }
      if (c == '\\' && quote == '"') {
        if (++at_ == text_.size()) return "No escaped character";
        if (text_[at_] != '\\' && text_[at_] != '"') word += '\\';
      }
      word += text_[at_];
    }
    return "No closing quotation";
  }
  const char* escaped(std::string& word) {
    if (++at_ == text_.size()) return "No escaped character";
    word += text_[at_++];
    return nullptr;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool listed_;
  std::vector<std::string> comments_;
};

Expected<std::vector<std::string>> tokens(std::string_view text, WordCharacters characters) {
  std::vector<std::string> out;
  Lexer lexer(text, characters);
  for (;;) {
    auto token = lexer.next();
    if (!token) return Err{std::move(token).error()};
    if (!*token) return out;
    out.push_back(std::move(**token));
  }
}

}  // namespace

Expected<std::vector<std::string>> splitWords(std::string_view command) {
  return tokens(command, WordCharacters::AllButBlanks);
}

Expected<std::vector<std::pair<std::string, std::string>>> parseKeyValues(std::string_view text) {
  auto words = tokens(text, WordCharacters::Listed);
  if (!words) return Err{std::move(words).error()};
  std::map<std::string, std::string> found;
  for (std::size_t i = 0; i < words->size(); i += 4) {  // KEY, "=", VALUE, and any one token between two pairs
    if (i + 2 >= words->size() || (*words)[i + 1] != "=")
      return Err{Error{"Unexpected end of key/value pairs in value '" + std::string(text) + "'"}};
    found[(*words)[i]] = (*words)[i + 2];
  }
  return std::vector<std::pair<std::string, std::string>>(found.begin(), found.end());
}

std::vector<std::string> ignoredInKeyValues(std::string_view text) {
  std::vector<std::string> out;
  Lexer lexer(text, WordCharacters::Listed);
  std::size_t comments = 0;
  for (std::size_t i = 0;; ++i) {
    const auto token = lexer.next();
    if (!token) return {};
    for (; comments < lexer.comments().size(); ++comments) out.push_back(lexer.comments()[comments]);
    if (!*token) return out;
    if (i % 4 == 3 && **token != "," && **token != ";") out.push_back(**token);
  }
}

}  // namespace core
