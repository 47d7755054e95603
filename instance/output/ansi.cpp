// SPDX-License-Identifier: MIT
#include "instance/output/ansi.hpp"

namespace output {

std::string AnsiFilter::strip(std::string_view bytes) {
  constexpr std::string_view finals = "HfABCDRsuJKhlpm";
  constexpr char escape = '\x1b';
  std::string out;
  out.reserve(bytes.size() + 1);
  for (const char c : bytes) {
    if (state_ == State::Sequence) {
      if (finals.find(c) != std::string_view::npos) state_ = State::Text;
      continue;
    }
    if (state_ == State::Escape) {
      state_ = c == '[' ? State::Sequence : State::Text;
      if (state_ == State::Sequence) continue;
      out += escape;
    }
    if (c == escape)
      state_ = State::Escape;
    else
      out += c;
  }
  return out;
}

bool AnsiFilter::restore(int saved) noexcept {
  if (saved < 0 || saved > static_cast<int>(State::Sequence)) return false;
  state_ = static_cast<State>(saved);
  return true;
}

std::string_view AnsiFilter::rest() noexcept {
  const bool lone = state_ == State::Escape;
  state_ = State::Text;
  return lone ? "\x1b" : "";
}

}  // namespace output
