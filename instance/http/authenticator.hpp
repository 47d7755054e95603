// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "lib/core/clock.hpp"

namespace http {

/// HTTP Basic for one user. A crypt(3) hash takes milliseconds by design: its result for a name and password is cached
/// (as a salted digest), and the loop spends at most a tenth of its time on new guesses. A wrong name takes the same
/// time as a wrong password and gets the same answer.
class Authenticator {
 public:
  enum class Decision {
    Granted,
    Denied,
    Malformed,  ///< the header is not what Basic prescribes
    Busy,       ///< too many guesses: the client must retry in a second
  };

  Authenticator(std::string username, std::string password);
  /// `header` is the value of Authorization; empty if there is none.
  [[nodiscard]] Decision check(std::string_view header, core::Instant now);
  [[nodiscard]] const std::string& username() const noexcept { return username_; }

 private:
  /// `pair` is "name:password", `known` whether that name is the user's, `given` the password.
  [[nodiscard]] Decision checkSlow(const std::string& pair, bool known, const std::string& given, core::Instant now);

  std::string username_;
  std::string password_;
  std::string salt_;
  std::string granted_;                 ///< digest of the pair that was right
  std::array<std::string, 16> denied_;  ///< digests of the last ones that were wrong
  std::size_t nextDenied_ = 0;
  core::Instant restUntil_{};
  int burst_ = 3;  ///< new guesses that may follow each other without a rest
};

}  // namespace http
