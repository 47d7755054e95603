// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "lib/xmlrpc/writer.hpp"

namespace xmlrpc {

/// A text that the compiler knows, for example the argument of StructWriter::text<"name">().
template <std::size_t Length>
struct Literal {
  // A string literal becomes a template argument as it is.
  // NOLINTBEGIN(google-explicit-constructor)
  consteval Literal(const std::array<char, Length>& of) : text(of) {}
  consteval Literal(const char (&of)[Length + 1]) { std::copy_n(of, Length, text.begin()); }
  // NOLINTEND(google-explicit-constructor)
  [[nodiscard]] constexpr std::string_view view() const noexcept { return {text.data(), Length}; }
  std::array<char, Length> text{};
};
template <std::size_t Size>
Literal(const char (&of)[Size]) -> Literal<Size - 1>;

template <std::size_t Left, std::size_t Right>
consteval Literal<Left + Right> operator+(const Literal<Left>& left, const Literal<Right>& right) {
  std::array<char, Left + Right> all{};
  std::copy(right.text.begin(), right.text.end(), std::copy(left.text.begin(), left.text.end(), all.begin()));
  return all;
}

/// What comes before the value of a member called `Name`.
template <Literal Name>
inline constexpr auto kTextStart = Literal("<member><name>") + Name + Literal("</name><value><string>");
template <Literal Name>
inline constexpr auto kNumberStart = Literal("<member><name>") + Name + Literal("</name><value><int>");
/// What comes behind the value.
inline constexpr std::string_view kTextEnd = "</string></value></member>";
inline constexpr std::string_view kNumberEnd = "</int></value></member>";

/// Appends one struct, member by member. Names must need no escape.
///
/// A name that is a template argument is joined with the tags around it by the compiler. Pages, exporters and `status`
/// ask for all programs again and again: one long constant for each member instead of three short ones halves the time
/// of such an answer.
class StructWriter {
 public:
  /// Begins the struct in `out`, which must outlive this. Call end() when the last member is written.
  explicit StructWriter(std::string& out) : out_(out) { out_ += "<value><struct>"; }

  template <Literal Name>
  void text(std::string_view value) {
    out_ += kTextStart<Name>.view();
    endText(value);
  }
  template <Literal Name>
  void number(std::int64_t value) {
    out_ += kNumberStart<Name>.view();
    endNumber(value);
  }

  // The same for a name that is put together at run time.
  void text(std::string_view name, std::string_view value) {
    begin(name);
    out_ += "<value><string>";
    endText(value);
  }
  void number(std::string_view name, std::int64_t value) {
    begin(name);
    out_ += "<value><int>";
    endNumber(value);
  }
  void flag(std::string_view name, bool value) {
    this->value(name, [value](Writer& writer) { writer.boolean(value); });
  }
  /// `write` gets a Writer and writes one value of any type.
  template <class Write>
  void value(std::string_view name, const Write& write) {
    begin(name);
    Writer writer(out_);
    write(writer);
    out_ += "</member>";
  }

  void end() { out_ += "</struct></value>"; }

 private:
  void begin(std::string_view name) {
    out_ += "<member><name>";
    out_ += name;
    out_ += "</name>";
  }
  void endText(std::string_view value) {
    Writer::appendText(out_, value);
    out_ += kTextEnd;
  }
  void endNumber(std::int64_t value) {
    Writer::appendDigits(out_, value);
    out_ += kNumberEnd;
  }

  std::string& out_;
};

}  // namespace xmlrpc
