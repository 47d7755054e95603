// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "instance/output/ansi.hpp"
#include "instance/output/capture.hpp"

namespace {

struct Heard final : output::CaptureSplitter::Receiver {
  void onText(std::string_view bytes, bool captured) override { (captured ? inside : text) += bytes; }
  void onMessage(std::string_view message) override { messages += std::string(message) + "|"; }
  std::string text, inside, messages;
};

/// Feeds `input` in pieces of `size`.
Heard split(const std::string& input, std::size_t size, std::int64_t maxBytes = 1000) {
  output::CaptureSplitter splitter(maxBytes);
  Heard heard;
  for (std::size_t at = 0; at < input.size(); at += size) splitter.feed(input.substr(at, size), heard);
  splitter.finish(heard);
  return heard;
}

}  // namespace

TEST_CASE("captured text is recognised however the tokens are split") {
  const std::string input =
      "before <!--XSUPERVISOR:BEGIN-->one<!--XSUPERVISOR:END--> between <!--X <!--XSUPERVISOR:BEGIN-->two"
      "<!--XSUPERVISOR:END-->tail <!--XSUPER";
  for (std::size_t size = 1; size <= input.size(); ++size) {
    CAPTURE(size);
    const auto heard = split(input, size);
    CHECK(heard.text == "before  between <!--X tail <!--XSUPER");
    CHECK(heard.inside == "onetwo");
    CHECK(heard.messages == "one|two|");
  }
}

TEST_CASE("short text is not delayed") {
  output::CaptureSplitter splitter(100);
  Heard heard;
  splitter.feed("hi\n", heard);
  CHECK(heard.text == "hi\n");
}

TEST_CASE("a message over its limit loses its beginning; one without an end is text") {
  CHECK(split("<!--XSUPERVISOR:BEGIN-->abcdef<!--XSUPERVISOR:END-->", 1, 3).messages == "def|");
  const auto open = split("<!--XSUPERVISOR:BEGIN-->abc", 1000);
  CHECK(open.text == "abc");
  CHECK(open.messages.empty());
}

TEST_CASE("terminal sequences are removed, also when they are cut") {
  const std::string input = "a\x1b[31mred\x1b[0m \x1b[2J\x1b[1;1Hb\x1b(B\x1b[?25lc";
  for (std::size_t size = 1; size <= input.size(); ++size) {
    output::AnsiFilter filter;
    std::string plain;
    for (std::size_t at = 0; at < input.size(); at += size) plain += filter.strip(input.substr(at, size));
    CAPTURE(size);
    CHECK(plain == "ared b\x1b(Bc");
  }
  output::AnsiFilter filter;
  CHECK(filter.strip("x\x1b") == "x");
  CHECK(filter.rest() == "\x1b");
  CHECK(filter.rest().empty());
}

TEST_CASE("a section that was half read in one splitter is completed by another") {
  const std::string input = "before<!--XSUPERVISOR:BEGIN-->one two<!--XSUPERVISOR:END-->after";
  for (std::size_t at = 0; at <= input.size(); ++at) {
    CAPTURE(at);
    Heard heard;
    output::CaptureSplitter first(1000), second(1000);
    first.feed(std::string_view(input).substr(0, at), heard);
    second.restore(first.held(), first.message(), first.capturing());
    second.feed(std::string_view(input).substr(at), heard);
    second.finish(heard);
    CHECK(heard.text == "beforeafter");
    CHECK(heard.messages == "one two|");
  }
}

TEST_CASE("a control sequence that was half read in one filter is taken out by another") {
  const std::string input =
      "a\x1b[31mb\x1b"
      "c\x1b[";
  for (std::size_t at = 0; at <= input.size(); ++at) {
    CAPTURE(at);
    output::AnsiFilter first, second;
    auto text = first.strip(std::string_view(input).substr(0, at));
    REQUIRE(second.restore(first.save()));
    text += second.strip(std::string_view(input).substr(at));
    CHECK(text ==
          "ab\x1b"
          "c");
  }
  output::AnsiFilter filter;
  CHECK_FALSE(filter.restore(-1));
  CHECK_FALSE(filter.restore(3));
}
