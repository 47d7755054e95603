// SPDX-License-Identifier: MIT
#include "lib/core/percent_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <optional>
#include <utility>

#include "lib/core/expansion.hpp"
#include "lib/core/text.hpp"

namespace core {
namespace {

/// A width or precision beyond this is an error: "%(x)999999999d" must not fill the memory.
constexpr int kWidest = 1 << 16;

struct Conversion {
  bool left = false, zero = false, plus = false, blank = false, alternate = false;
  int width = 0;
  int precision = -1;
  char type = 0;
};

std::size_t codePoints(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// The first `count` code points.
std::string_view firstCodePoints(std::string_view text, std::size_t count) {
  std::size_t i = 0;
  for (; i < text.size(); ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80 && count-- == 0) break;
  return text.substr(0, i);
}

/// `sign` and prefix stay in front of the zeros that fill a number up.
std::string pad(const Conversion& c, const std::string& prefix, const std::string& body, bool number) {
  const std::size_t have = codePoints(prefix) + codePoints(body);
  const std::size_t want = static_cast<std::size_t>(c.width);
  if (have >= want) return prefix + body;
  if (c.left) return prefix + body + std::string(want - have, ' ');
  if (c.zero && number) return prefix + std::string(want - have, '0') + body;
  return std::string(want - have, ' ') + prefix + body;
}

std::string signOf(const Conversion& c, bool negative) {
  if (negative) return "-";
  if (c.plus) return "+";
  return c.blank ? " " : "";
}

std::string formatInteger(const Conversion& c, std::int64_t value) {
  const auto magnitude = value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  std::string digits, prefix = signOf(c, value < 0);
  switch (c.type) {
    case 'o':
      digits = fmt::format("{:o}", magnitude);
      if (c.alternate) prefix += "0o";
      break;
    case 'x':
      digits = fmt::format("{:x}", magnitude);
      if (c.alternate) prefix += "0x";
      break;
    case 'X':
      digits = fmt::format("{:X}", magnitude);
      if (c.alternate) prefix += "0X";
      break;
    default: digits = fmt::format("{}", magnitude);
  }
  if (c.precision > static_cast<int>(digits.size()))
    digits.insert(0, static_cast<std::size_t>(c.precision) - digits.size(), '0');
  return pad(c, prefix, digits, true);
}

std::string formatFloat(const Conversion& c, double value) {
  const char format[] = {'%', '#', '.', '*', c.type, 0};
  std::string plain(format);
  if (!c.alternate) plain.erase(1, 1);
  const int precision = c.precision < 0 ? 6 : c.precision;
  const double magnitude = value < 0 ? -value : value;
  const int size = std::snprintf(nullptr, 0, plain.c_str(), precision, magnitude);
  std::string digits(static_cast<std::size_t>(size) + 1, 0);
  std::snprintf(digits.data(), digits.size(), plain.c_str(), precision, magnitude);
  digits.pop_back();
  return pad(c, signOf(c, value < 0), digits, true);
}

/// Python's ascii(): repr() with everything beyond ASCII escaped.
std::string asciiRepr(std::string_view text) {
  std::string out;
  const std::string repr = pythonRepr(text);
  for (std::size_t i = 0; i < repr.size();) {
    const auto u = static_cast<unsigned char>(repr[i]);
    const int length = u < 0x80 ? 1 : u < 0xE0 ? 2 : u < 0xF0 ? 3 : 4;
    if (length == 1) {
      out += repr[i++];
      continue;
    }
    unsigned point = u & (0xFFu >> (length + 1));
    for (int k = 1; k < length; ++k)
      point = point << 6 | (static_cast<unsigned char>(repr[i + static_cast<std::size_t>(k)]) & 0x3Fu);
    i += static_cast<std::size_t>(length);
    out += point < 0x100     ? fmt::format("\\x{:02x}", point)
           : point < 0x10000 ? fmt::format("\\u{:04x}", point)
                             : fmt::format("\\U{:08x}", point);
  }
  return out;
}

class Formatter {
 public:
  Formatter(std::string_view text, const Names& names) : text_(text), names_(names) {}

  Result<std::string, FormatError> run() {
    while (at_ < text_.size()) {
      const auto percent = std::min(text_.find('%', at_), text_.size());
      out_ += text_.substr(at_, percent - at_);
      at_ = percent + 1;
      if (percent == text_.size()) break;
      if (auto problem = conversion()) return Err{std::move(*problem)};
    }
    return std::move(out_);
  }

 private:
  using Problem = std::optional<FormatError>;
  static Problem problem(std::string text) { return FormatError{std::move(text), false}; }

  Problem conversion() {
    if (peek() == '%') {
      out_ += text_[at_++];
      return std::nullopt;
    }
    const Names::Value* value = nullptr;
    if (peek() == '(') {
      const auto key = takeKey();
      if (!key) return problem("incomplete format key");
      value = names_.find(*key);
      if (!value) return FormatError{std::string(*key), true};
    }
    Conversion c;
    if (auto why = modifiers(c, value)) return why;
    if (at_ == text_.size()) return problem("incomplete format");
    c.type = text_[at_++];
    if (std::exchange(valueTaken_, false)) return notEnough();
    if (std::string_view("diuoxXeEfFgGcrsa").find(c.type) == std::string_view::npos) return unsupported();
    if (!value) return problem(fmt::format("a conversion without a name ('%{}') has no value here", c.type));
    return append(c, *value);
  }

  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  std::optional<std::string_view> takeKey() {
    const std::size_t start = ++at_;
    for (int depth = 1; at_ < text_.size(); ++at_) {
      if (text_[at_] == '(') ++depth;
      if (text_[at_] == ')' && --depth == 0) return text_.substr(start, at_++ - start);
    }
    return std::nullopt;
  }

  Problem modifiers(Conversion& c, const Names::Value* value) {
    for (;; ++at_) {
      switch (peek()) {
        case '-': c.left = true; continue;
        case '+': c.plus = true; continue;
        case ' ': c.blank = true; continue;
        case '#': c.alternate = true; continue;
        case '0': c.zero = true; continue;
        default: break;
      }
      break;
    }
    if (peek() == '*') {
      if (auto why = star(value)) return why;
    } else if (!number(c.width)) {
      return problem("width too big");
    }
    if (peek() == '.') {
      ++at_;
      c.precision = 0;
      if (peek() == '*') {
        if (auto why = star(value)) return why;
      } else if (!number(c.precision)) {
        return problem("precision too big");
      }
    }
    if (peek() == 'h' || peek() == 'l' || peek() == 'L') ++at_;
    return std::nullopt;
  }

  /// With a mapping a '*' takes the value itself, which leaves none for the conversion.
  Problem star(const Names::Value* value) {
    ++at_;
    if (!value || !std::holds_alternative<std::int64_t>(*value)) return problem("* wants int");
    if (std::exchange(valueTaken_, true)) return notEnough();
    return std::nullopt;
  }

  static Problem notEnough() { return problem("not enough arguments for format string"); }

  bool number(int& out) {
    for (; peek() >= '0' && peek() <= '9'; ++at_) {
      out = out * 10 + (peek() - '0');
      if (out > kWidest) return false;
    }
    return true;
  }

  [[nodiscard]] Problem unsupported() const {
    const auto start = at_ - 1;
    const auto c = firstCodePoints(text_.substr(start), 1);
    std::uint32_t point = static_cast<unsigned char>(c[0]);
    if (c.size() > 1) {
      point &= 0xFFu >> (c.size() + 1);
      for (const char next : c.substr(1)) point = point << 6 | (static_cast<unsigned char>(next) & 0x3Fu);
    }
    return problem(fmt::format("unsupported format character '{}' (0x{:x}) at index {}",
                               point > 31 && point < 127 ? c : "?", point, codePoints(text_.substr(0, start))));
  }

  Problem append(const Conversion& c, const Names::Value& value) {
    const auto* integer = std::get_if<std::int64_t>(&value);
    const std::string text = integer ? std::to_string(*integer) : std::get<std::string>(value);
    std::string body;
    switch (c.type) {
      case 's': body = text; break;
      case 'r': body = integer ? text : pythonRepr(text); break;
      case 'a': body = integer ? text : asciiRepr(text); break;
      case 'c':
        if (integer) {
          if (*integer < 0 || *integer >= 0x110000) return problem("%c arg not in range(0x110000)");
          if (*integer >= 0x80) return problem("%c requires int or char");
          body = std::string(1, static_cast<char>(*integer));
        } else if (codePoints(text) == 1) {
          body = text;
        } else {
          return problem("%c requires int or char");
        }
        break;
      case 'e':
      case 'E':
      case 'f':
      case 'F':
      case 'g':
      case 'G':
        if (!integer) return problem("must be real number, not str");
        out_ += formatFloat(c, static_cast<double>(*integer));
        return std::nullopt;
      default:
        if (!integer)
          return problem(fmt::format("%{} format: {} is required, not str", c.type,
                                     c.type == 'o' || c.type == 'x' || c.type == 'X' ? "an integer" : "a real number"));
        out_ += formatInteger(c, *integer);
        return std::nullopt;
    }
    if (c.precision >= 0 && c.type != 'c') body = firstCodePoints(body, static_cast<std::size_t>(c.precision));
    out_ += pad(c, "", body, false);
    return std::nullopt;
  }

  std::string_view text_;
  const Names& names_;
  std::size_t at_ = 0;
  std::string out_;
  bool valueTaken_ = false;
};

}  // namespace

Result<std::string, FormatError> percentFormat(std::string_view text, const Names& names) {
  return Formatter(text, names).run();
}

}  // namespace core
