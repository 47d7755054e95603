// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace xmlrpc {

/// Decodes a chunked body that arrives in pieces of any size.
class ChunkDecoder {
 public:
  using Piece = std::function<void(std::string_view bytes)>;

  /// Passes the content of `bytes` to `piece`. False: not a chunked body.
  [[nodiscard]] bool feed(std::string_view bytes, const Piece& piece);
  /// The last chunk and the trailer have been read.
  [[nodiscard]] bool finished() const noexcept { return state_ == State::Done; }

 private:
  enum class State { Size, Data, DataEnd, Trailer, Done };
  [[nodiscard]] bool takeLine();

  State state_ = State::Size;
  std::string line_;
  std::uint64_t left_ = 0;
};

}  // namespace xmlrpc
