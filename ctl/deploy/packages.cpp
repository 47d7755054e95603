// SPDX-License-Identifier: MIT
#include "ctl/deploy/packages.hpp"

#include <sys/utsname.h>

#include "lib/core/files.hpp"
#include "lib/core/text.hpp"

namespace deploy {
namespace {

bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// The rank of a character other than a digit, or of the end: "~" comes before the end, letters before all others.
int rank(std::string_view text) {
  if (text.empty() || isDigit(text[0])) return 0;
  if (text[0] == '~') return -1;
  return isLetter(text[0]) ? text[0] : text[0] + 256;
}

void skip(std::string_view& text) {
  if (!text.empty()) text.remove_prefix(1);
}

/// Takes a number without its zeros in front.
std::string_view takeNumber(std::string_view& text) {
  while (!text.empty() && text[0] == '0') text.remove_prefix(1);
  std::size_t length = 0;
  while (length < text.size() && isDigit(text[length])) ++length;
  const auto number = text.substr(0, length);
  text.remove_prefix(length);
  return number;
}

int comparePart(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty()) {
    while ((!a.empty() && !isDigit(a[0])) || (!b.empty() && !isDigit(b[0]))) {
      if (const int difference = rank(a) - rank(b)) return difference;
      skip(a);
      skip(b);
    }
    const auto one = takeNumber(a);
    const auto other = takeNumber(b);
    if (one.size() != other.size()) return one.size() < other.size() ? -1 : 1;
    if (const int difference = one.compare(other)) return difference;
  }
  return 0;
}

/// The newest file NAME_VERSION_ARCHITECTURE.deb, or an empty text.
std::string newest(const std::vector<std::string>& folders, std::string_view name, std::string_view architecture) {
  std::string best;
  std::string bestVersion;
  for (const auto& folder : folders) {
    for (const auto& path : core::matchingPaths(folder + "/" + std::string(name) + "_*.deb")) {
      const auto parts = core::split(path.substr(folder.size() + 1), '_');
      if (parts.size() != 3 || parts[2] != std::string(architecture) + ".deb") continue;
      if (!best.empty() && compareVersions(parts[1], bestVersion) <= 0) continue;
      best = path;
      bestVersion = parts[1];
    }
  }
  return best;
}

}  // namespace

int compareVersions(std::string_view a, std::string_view b) noexcept {
  const auto revisionA = a.rfind('-');
  const auto revisionB = b.rfind('-');
  if (const int upstream = comparePart(a.substr(0, revisionA), b.substr(0, revisionB))) return upstream;
  return comparePart(revisionA == std::string_view::npos ? "" : a.substr(revisionA + 1),
                     revisionB == std::string_view::npos ? "" : b.substr(revisionB + 1));
}

std::string ownArchitecture() {
  struct utsname names {};
  std::string machine = ::uname(&names) == 0 ? names.machine : "";
  if (machine == "x86_64") return "amd64";
  if (machine == "aarch64") return "arm64";
  if (machine == "i686") return "i386";
  if (machine.starts_with("armv7")) return "armhf";
  return machine;
}

std::vector<std::string> findPackages(const std::vector<std::string>& folders, std::string_view architecture) {
  const auto instance = newest(folders, "supervisor-instance", architecture);
  const auto manager = newest(folders, "supervisor-manager", architecture);
  return instance.empty() || manager.empty() ? std::vector<std::string>{} : std::vector{instance, manager};
}

}  // namespace deploy
