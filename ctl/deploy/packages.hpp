// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace deploy {

/// Compares versions as dpkg does: negative if `a` is older, 0 if they are equal.
[[nodiscard]] int compareVersions(std::string_view a, std::string_view b) noexcept;

/// This machine's architecture in Debian's words: "amd64".
[[nodiscard]] std::string ownArchitecture();

/// The newest supervisor-instance_*.deb and the newest supervisor-manager_*.deb for `architecture` in these folders;
/// empty unless both are there. In the order in which they are installed.
[[nodiscard]] std::vector<std::string> findPackages(const std::vector<std::string>& folders,
                                                    std::string_view architecture);

}  // namespace deploy
