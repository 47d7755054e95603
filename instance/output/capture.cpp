// SPDX-License-Identifier: MIT
#include "instance/output/capture.hpp"

#include <algorithm>
#include <utility>

namespace output {
namespace {

constexpr std::string_view kBeginToken = "<!--XSUPERVISOR:BEGIN-->";
constexpr std::string_view kEndToken = "<!--XSUPERVISOR:END-->";

/// How many bytes at the end of `text` may be the beginning of `token`.
std::size_t partial(std::string_view text, std::string_view token) {
  for (std::size_t n = std::min(text.size(), token.size() - 1); n > 0; --n)
    if (text.ends_with(token.substr(0, n))) return n;
  return 0;
}

}  // namespace

void CaptureSplitter::take(std::string_view bytes, Receiver& receiver) {
  if (bytes.empty()) return;
  receiver.onText(bytes, capturing_);
  if (!capturing_) return;
  // Supervisor's rule: as many bytes leave at the front as come in at the end; one large piece is kept whole.
  if (message_.size() + bytes.size() > maxBytes_) message_.erase(0, bytes.size());
  message_ += bytes;
}

void CaptureSplitter::feed(std::string_view bytes, Receiver& receiver) {
  std::string joined;
  if (!held_.empty()) {
    joined = held_.append(bytes);
    held_.clear();
    bytes = joined;
  }
  for (;;) {
    const auto token = capturing_ ? kEndToken : kBeginToken;
    const auto at = bytes.find(token);
    if (at == std::string_view::npos) {
      const auto rest = partial(bytes, token);
      take(bytes.substr(0, bytes.size() - rest), receiver);
      held_ = bytes.substr(bytes.size() - rest);
      return;
    }
    take(bytes.substr(0, at), receiver);
    bytes.remove_prefix(at + token.size());
    capturing_ = !capturing_;
    if (capturing_) continue;
    receiver.onMessage(message_);
    message_.clear();
  }
}

void CaptureSplitter::finish(Receiver& receiver) {
  if (!held_.empty()) take(std::exchange(held_, {}), receiver);
  if (capturing_ && !message_.empty()) receiver.onText(message_, false);
  message_.clear();
  capturing_ = false;
}

}  // namespace output
