// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

namespace entries {
struct Entry;
}

namespace instances {

/// Fingerprints of an entry: of what its process depends on, of its declared programs and groups, and of all of it
/// that a deployment acts on.
struct Fingerprint {
  std::string process;
  std::string programs;
  std::string all;
  bool operator==(const Fingerprint&) const = default;

  /// For a file. A text of another version of this program is nothing: that alone must not restart an instance.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] static std::optional<Fingerprint> fromText(const std::string& text);
};
[[nodiscard]] Fingerprint fingerprintOf(const entries::Entry& entry);

}  // namespace instances
