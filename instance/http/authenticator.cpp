// SPDX-License-Identifier: MIT
#include "instance/http/authenticator.hpp"

#include <strings.h>
#include <sys/random.h>

#include <algorithm>
#include <utility>

#include "instance/http/password.hpp"
#include "lib/core/base64.hpp"

namespace http {
namespace {

constexpr int kBurst = 3;
/// After a guess the loop is free for that many times its duration: guesses take at most a tenth of the time.
constexpr int kRestFactor = 9;

std::string randomSalt() {
  std::string salt(16, '\0');
  // 16 bytes are returned whole or not at all. Without them the digests, in our own memory, have no salt.
  (void)!::getrandom(salt.data(), salt.size(), GRND_NONBLOCK);
  return salt;
}

}  // namespace

Authenticator::Authenticator(std::string username, std::string password)
    : username_(std::move(username)), password_(std::move(password)), salt_(randomSalt()) {}

Authenticator::Decision Authenticator::check(std::string_view header, core::Instant now) {
  constexpr std::string_view scheme = "Basic ";
  const bool basic = header.size() >= scheme.size() && ::strncasecmp(header.data(), scheme.data(), scheme.size()) == 0;
  if (!basic) return Decision::Denied;
  const auto pair = core::decodeBase64(header.substr(scheme.size()));
  if (!pair) return Decision::Malformed;
  const std::size_t colon = pair->find(':');
  if (colon == std::string::npos) return Decision::Malformed;
  // Both are always compared: neither the answer nor its time reveals whether the name exists.
  const bool known = equalInConstantTime(std::string_view(*pair).substr(0, colon), username_);
  const std::string given = pair->substr(colon + 1);
  if (isSlowHash(password_)) return checkSlow(*pair, known, given, now);
  const bool right = matchesPassword(password_, given);
  return known && right ? Decision::Granted : Decision::Denied;
}

Authenticator::Decision Authenticator::checkSlow(const std::string& pair, bool known, const std::string& given,
                                                 core::Instant now) {
  std::string digest = sha256Hex(salt_ + pair);
  if (!granted_.empty() && equalInConstantTime(digest, granted_)) return Decision::Granted;
  if (std::find(denied_.begin(), denied_.end(), digest) != denied_.end()) return Decision::Denied;
  if (now >= restUntil_) burst_ = kBurst;
  if (burst_ == 0) return Decision::Busy;
  --burst_;
  const core::Instant begun = core::Clock::now();
  const bool right = matchesPassword(password_, given);
  const core::Duration cost = core::Clock::now() - begun;
  restUntil_ = std::max(restUntil_, now) + cost * (kRestFactor + 1);
  if (known && right) {
    granted_ = std::move(digest);
    return Decision::Granted;
  }
  denied_[nextDenied_++ % denied_.size()] = std::move(digest);
  return Decision::Denied;
}

}  // namespace http
