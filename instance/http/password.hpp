// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace http {

/// Compares in a time that does not depend on where the texts differ.
[[nodiscard]] bool equalInConstantTime(std::string_view a, std::string_view b) noexcept;
/// Lower-case hex of the SHA-1, SHA-256 or SHA-512 of `bytes`.
[[nodiscard]] std::string sha1Hex(std::string_view bytes);
[[nodiscard]] std::string sha256Hex(std::string_view bytes);
[[nodiscard]] std::string sha512Hex(std::string_view bytes);

/// Whether the stored password is a crypt(3) hash, which is slow by design.
[[nodiscard]] bool isSlowHash(std::string_view stored) noexcept;
/// Whether `given` is the password of `stored`: "{SHA}", "{SHA256}" or "{SHA512}" and hex digits, a crypt(3) hash
/// "$...$", or the password itself.
[[nodiscard]] bool matchesPassword(const std::string& stored, const std::string& given);

}  // namespace http
