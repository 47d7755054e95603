// SPDX-License-Identifier: MIT
#include "lib/xmlrpc/chunk_decoder.hpp"

#include <algorithm>
#include <charconv>

namespace xmlrpc {

namespace {
constexpr std::size_t kMaxLine = 4096;
}

bool ChunkDecoder::feed(std::string_view bytes, const Piece& piece) {
  while (!bytes.empty() && state_ != State::Done) {
    if (state_ == State::Data) {
      const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
      piece(bytes.substr(0, n));
      bytes.remove_prefix(n);
      left_ -= n;
      if (left_ == 0) state_ = State::DataEnd;
      continue;
    }
    const std::size_t end = bytes.find('\n');
    line_.append(bytes.substr(0, end));
    if (line_.size() > kMaxLine) return false;
    if (end == std::string_view::npos) return true;
    bytes.remove_prefix(end + 1);
    if (line_.ends_with('\r')) line_.pop_back();
    if (!takeLine()) return false;
    line_.clear();
  }
  return true;
}

bool ChunkDecoder::takeLine() {
  if (state_ == State::Trailer) {
    if (line_.empty()) state_ = State::Done;
    return true;
  }
  if (state_ == State::DataEnd) {
    state_ = State::Size;
    return line_.empty();
  }
  const auto [end, failure] = std::from_chars(line_.data(), line_.data() + line_.size(), left_, 16);
  const bool extensionOrEnd = end == line_.data() + line_.size() || *end == ';' || *end == ' ';
  if (failure != std::errc{} || !extensionOrEnd) return false;
  state_ = left_ == 0 ? State::Trailer : State::Data;
  return true;
}

}  // namespace xmlrpc
