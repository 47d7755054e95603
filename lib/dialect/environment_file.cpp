// SPDX-License-Identifier: MIT
#include "lib/dialect/environment_file.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "lib/core/text.hpp"

namespace config {
namespace {

bool isNameStart(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool isNamePart(char c) noexcept { return isNameStart(c) || (c >= '0' && c <= '9'); }

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  core::Expected<Environment::List> run() {
    while (!rest_.empty() && error_.empty()) statement();
    if (!error_.empty()) return core::Err{core::Error{std::move(error_)}};
    // Stable: of equal names the last is the last one of the file.
    std::stable_sort(out_.begin(), out_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    const auto end = std::unique(out_.rbegin(), out_.rend(), [](auto& a, auto& b) { return a.first == b.first; });
    out_.erase(out_.begin(), end.base());
    return std::move(out_);
  }

 private:
  void fail(std::size_t line, std::string_view reason) {
    if (error_.empty()) error_ = "line " + std::to_string(line) + ": " + std::string(reason);
  }

  /// The rest of the current line; what follows begins with the next one.
  std::string_view takeLine() {
    const auto end = std::min(rest_.find('\n'), rest_.size());
    const auto line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    ++line_;
    return line;
  }

  void skipBlanks() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
  }

  void statement() {
    skipBlanks();
    const auto line = core::trim(rest_.substr(0, rest_.find('\n')));
    if (line.empty() || line.front() == '#' || line.front() == ';') {
      takeLine();
      return;
    }
    if (rest_.starts_with("export ") || rest_.starts_with("export\t")) {
      rest_.remove_prefix(sizeof "export" - 1);
      skipBlanks();
    }
    std::size_t length = 0;
    while (length < rest_.size() && isNamePart(rest_[length])) ++length;
    std::string name(rest_.substr(0, length));
    rest_.remove_prefix(length);
    skipBlanks();
    if (name.empty() || !isNameStart(name.front()) || !rest_.starts_with('='))
      return fail(line_, "not NAME=value");  // not the line itself, which may be a part of a secret
    rest_.remove_prefix(1);
    skipBlanks();
    value(std::move(name));
  }

  void value(std::string name) {
    const char quote = rest_.empty() ? '\0' : rest_.front();
    std::string text = quote == '\'' || quote == '"' ? quoted(quote) : plain();
    if (text.find('\0') != std::string::npos) fail(line_, "a null byte");
    out_.emplace_back(std::move(name), std::move(text));
  }

  std::string plain() {
    const auto line = takeLine();
    std::size_t end = 0;
    while (end < line.size() && !(line[end] == '#' && (end == 0 || core::isBlank(line[end - 1])))) ++end;
    return std::string(core::trim(line.substr(0, end)));
  }

  std::string quoted(char quote) {
    const auto begin = line_;
    std::string out;
    rest_.remove_prefix(1);
    for (;;) {
      if (rest_.empty()) {
        fail(begin, "the closing quote is missing");
        return out;
      }
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == quote) break;
      if (c == '\n') ++line_;
      if (c == '\\' && quote == '"' && !rest_.empty())
        escape(out);
      else
        out += c;
    }
    const auto behind = line_;
    const auto remainder = core::trim(takeLine());
    if (!remainder.empty() && remainder.front() != '#') fail(behind, "text after the closing quote");
    return out;
  }

  void escape(std::string& out) {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    switch (c) {
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case 't': out += '\t'; break;
      case '\n': ++line_; break;
      case '"':
      case '\\':
      case '$':
      case '`': out += c; break;
      default: (out += '\\') += c;
    }
  }

  std::string_view rest_;
  std::size_t line_ = 1;
  Environment::List out_;
  std::string error_;
};

}  // namespace

core::Expected<Environment::List> parseEnvironmentFile(std::string_view text) { return Parser(text).run(); }

}  // namespace config
