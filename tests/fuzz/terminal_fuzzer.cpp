// SPDX-License-Identifier: MIT
// Any bytes of another account, in any pieces: only text and allowed sequences pass, and the pieces do not change the
// result.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "lib/core/text.hpp"
#include "lib/terminal/filter.hpp"

namespace {

using terminal::Filter;

std::string through(Filter::Allows allows, std::string_view bytes, std::size_t step) {
  Filter filter(allows);
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += step) out += filter.feed(bytes.substr(at, step));
  return out + filter.finish();
}

/// The judge knows bytes, not the filter: an escape begins an allowed form, other controls are few, all is UTF-8.
void judge(std::string_view out, bool screen) {
  if (!core::isUtf8(out) || out.find("\xC2\x9B") != std::string_view::npos) std::abort();
  const std::string_view controls = screen ? "\n\t\r\b\a\x0F" : "\n\t\r";
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto byte = static_cast<unsigned char>(out[i]);
    if (byte == 0x7F) std::abort();
    if (byte == '\r' && !screen && (i + 1 == out.size() || out[i + 1] != '\n')) std::abort();
    if (byte >= 0x20) continue;
    if (byte != 0x1B && controls.find(out[i]) == std::string_view::npos) std::abort();
    if (byte != 0x1B) continue;
    const auto rest = out.substr(i);
    if (screen && (rest.starts_with("\033(B") || rest.starts_with("\033M"))) continue;
    const auto end = rest.find_first_not_of("0123456789;:?", 2);
    if (!rest.starts_with("\033[") || end == std::string_view::npos) std::abort();
    // finish() may end insert mode and show the cursor, but only on a screen.
    const std::string_view finals = screen ? "mKJHABCDG@Phl" : "mK";
    if (finals.find(rest[end]) == std::string_view::npos) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  for (const auto allows : {Filter::Allows::Log, Filter::Allows::Screen}) {
    const std::string whole = through(allows, bytes, bytes.size() + 1);
    if (through(allows, bytes, 1 + data[0] % 7) != whole) std::abort();
    judge(whole, allows == Filter::Allows::Screen);
  }
  return 0;
}
