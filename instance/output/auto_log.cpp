// SPDX-License-Identifier: MIT
#include "instance/output/auto_log.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>

#include "lib/core/log.hpp"
#include "lib/core/text.hpp"
#include "lib/core/unique_fd.hpp"

namespace output {
namespace {

std::string randomName() {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789_";
  std::array<unsigned char, 8> noise{};
  (void)!::getrandom(noise.data(), noise.size(), 0);
  std::string name;
  for (const unsigned char c : noise) name += letters[c % letters.size()];
  return name;
}

}  // namespace

core::Expected<std::string> createAutoLog(const std::string& directory, std::string_view program,
                                          std::string_view channel, std::string_view identifier) {
  const auto stem = fmt::format("{}/{}-{}---{}-", directory, program, channel, identifier);
  for (int attempt = 0;; ++attempt) {
    auto path = stem + randomName() + ".log";
    const core::UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (fd) return path;
    if (errno != EEXIST || attempt == 100) return core::sysError(path, errno);
  }
}

bool isAutoLog(std::string_view name, std::string_view identifier) noexcept {
  // Supervisor matches .+?---IDENTIFIER-\S+\.log\.{0,1}\d{0,4} at the start: anything may follow.
  for (auto at = name.find("---", 1); at != std::string_view::npos; at = name.find("---", at + 1)) {
    auto rest = name.substr(at + 3);
    if (!rest.starts_with(identifier) || !rest.substr(identifier.size()).starts_with('-')) continue;
    rest.remove_prefix(identifier.size() + 1);
    std::size_t word = 0;
    while (word < rest.size() && !core::isBlank(rest[word])) ++word;
    const auto suffix = rest.substr(0, word).rfind(".log");
    if (suffix != std::string_view::npos && suffix > 0) return true;
  }
  return false;
}

void removeAutoLogs(const std::string& directory, std::string_view identifier) {
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir(directory.c_str()), &::closedir);
  if (!listing) return logging::warn("Could not clear childlog dir");
  while (const dirent* entry = ::readdir(listing.get())) {
    if (!isAutoLog(entry->d_name, identifier)) continue;
    if (::unlinkat(::dirfd(listing.get()), entry->d_name, 0) != 0)
      logging::warn("Failed to clean up '{}/{}'", directory, entry->d_name);
  }
}

}  // namespace output
