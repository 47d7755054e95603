// SPDX-License-Identifier: MIT
#include "instance/http/password.hpp"

#include <crypt.h>
#include <sha1.h>
#include <sha2.h>

#include <algorithm>
#include <cstdint>
#include <memory>

#include "lib/core/text.hpp"

namespace http {
namespace {

/// `digest` is one of libmd's functions that write hex digits and a NUL: `Size` bytes.
template <std::size_t Size>
std::string hexOf(char* (*digest)(const std::uint8_t*, std::size_t, char*), std::string_view bytes) {
  char hex[Size];
  return digest(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), hex);
}

bool matchesCrypt(const std::string& stored, const std::string& given) {
  // 32 KB: too large for the stack of a callback, and needed too rarely to be kept.
  const auto scratch = std::make_unique<crypt_data>();
  const char* hash = ::crypt_r(given.c_str(), stored.c_str(), scratch.get());
  return hash != nullptr && hash[0] != '*' && equalInConstantTime(hash, stored);
}

}  // namespace

bool equalInConstantTime(std::string_view a, std::string_view b) noexcept {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char other = i < b.size() ? b[i] : '\0';
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(other);
  }
  return difference == 0;
}

std::string sha1Hex(std::string_view bytes) { return hexOf<2 * SHA1_DIGEST_LENGTH + 1>(::SHA1Data, bytes); }
std::string sha256Hex(std::string_view bytes) { return hexOf<SHA256_DIGEST_STRING_LENGTH>(::SHA256Data, bytes); }
std::string sha512Hex(std::string_view bytes) { return hexOf<SHA512_DIGEST_STRING_LENGTH>(::SHA512Data, bytes); }

bool isSlowHash(std::string_view stored) noexcept {
  return stored.size() > 3 && stored.front() == '$' && stored.find('$', 1) != std::string_view::npos;
}

bool matchesPassword(const std::string& stored, const std::string& given) {
  const std::string_view text(stored);
  // Hex digits are accepted in both cases: tools print either.
  if (text.starts_with("{SHA}")) return equalInConstantTime(sha1Hex(given), core::lower(text.substr(5)));
  if (text.starts_with("{SHA256}")) return equalInConstantTime(sha256Hex(given), core::lower(text.substr(8)));
  if (text.starts_with("{SHA512}")) return equalInConstantTime(sha512Hex(given), core::lower(text.substr(8)));
  if (isSlowHash(stored)) return matchesCrypt(stored, given);
  return equalInConstantTime(given, stored);
}

}  // namespace http
