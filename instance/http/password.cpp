// SPDX-License-Identifier: MIT
#include "instance/http/password.hpp"

#include <Poco/SHA1Engine.h>
#include <Poco/SHA2Engine.h>
#include <crypt.h>

#include <algorithm>
#include <memory>

#include "lib/core/text.hpp"

namespace http {
namespace {

std::string hexOf(Poco::DigestEngine&& engine, std::string_view bytes) {
  engine.update(bytes.data(), bytes.size());
  return Poco::DigestEngine::digestToHex(engine.digest());
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

std::string sha1Hex(std::string_view bytes) { return hexOf(Poco::SHA1Engine(), bytes); }
std::string sha256Hex(std::string_view bytes) { return hexOf(Poco::SHA2Engine(Poco::SHA2Engine::SHA_256), bytes); }
std::string sha512Hex(std::string_view bytes) { return hexOf(Poco::SHA2Engine(Poco::SHA2Engine::SHA_512), bytes); }

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
