// SPDX-License-Identifier: MIT
#include "instance/web/log_history.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "instance/output/log_reader.hpp"
#include "lib/core/text.hpp"

namespace web {
namespace {

constexpr int kMostFiles = 100;
constexpr std::int64_t kSearchedPerCall = 1024 * 1024;
constexpr std::size_t kMostFound = 200;
constexpr std::size_t kMostShown = 500;

std::string identify(int fd) {
  struct statx facts {};
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &facts) != 0) return {};
  const bool born = (facts.stx_mask & STATX_BTIME) != 0;
  return fmt::format("{:x}-{:x}-{:x}", facts.stx_ino, born ? static_cast<std::uint64_t>(facts.stx_btime.tv_sec) : 0,
                     born ? facts.stx_btime.tv_nsec : 0);
}

std::string read(const LogFile& file, std::int64_t from, std::int64_t to) {
  auto bytes = output::readAt(file.fd.get(), from, std::max<std::int64_t>(to - from, 0));
  return bytes ? std::move(*bytes) : std::string();
}

/// Where the first whole line of `text` begins, which follows the byte `before` in its file; 0 if it does not contain
/// the end of a line.
std::size_t firstLine(std::string_view text, char before) {
  if (before == '\n') return 0;
  const auto end = text.find('\n');
  return end == std::string_view::npos || end + 1 == text.size() ? 0 : end + 1;
}

/// The lines of `file` that end at `end`.
std::pair<std::int64_t, std::string> linesBefore(const LogFile& file, std::int64_t end, std::int64_t limit) {
  std::int64_t begin = std::max<std::int64_t>(end - limit, 0);
  if (begin == 0) return {0, read(file, 0, end)};
  std::string text = read(file, begin - 1, end);
  if (text.empty()) return {end, {}};
  const auto skipped = firstLine(std::string_view(text).substr(1), text.front());
  text.erase(0, skipped + 1);
  begin += static_cast<std::int64_t>(skipped);
  return {begin, std::move(text)};
}

}  // namespace

std::string Place::text() const { return fmt::format("{}.{}", file, offset); }

std::optional<Place> Place::parse(std::string_view text) {
  const auto dot = text.find('.');
  if (dot == 0 || dot == std::string_view::npos) return std::nullopt;
  const auto offset = core::parseInteger(text.substr(dot + 1));
  if (!offset || *offset < 0) return std::nullopt;
  const auto file = text.substr(0, dot);
  if (file.find_first_not_of("0123456789abcdef-") != std::string_view::npos) return std::nullopt;
  return Place{std::string(file), *offset};
}

std::optional<LogFile> LogHistory::open(int number) const {
  if (path_.empty() || number < 0 || number >= kMostFiles) return std::nullopt;
  LogFile file;
  file.fd = output::openLog(number == 0 ? path_ : fmt::format("{}.{}", path_, number), file.size);
  if (!file.fd) return std::nullopt;
  file.id = identify(file.fd.get());
  return file;
}

/// The number of the file with that id, -1 if there is none. A gap in the numbers ends the log, except at the current
/// file, which is missing for a moment during a rotation.
int LogHistory::numberOf(const std::string& id) const {
  for (int number = 0; number < kMostFiles; ++number) {
    const auto file = open(number);
    if (!file && number > 0) break;
    if (file && file->id == id) return number;
  }
  return -1;
}

std::optional<LogFile> LogHistory::find(const std::string& id) const { return open(numberOf(id)); }

std::optional<LogFile> LogHistory::newerThan(const std::string& id) const { return open(numberOf(id) - 1); }

std::optional<Place> LogHistory::endOf(int number) const {
  const auto file = open(number);
  return file ? std::optional(Place{file->id, file->size}) : std::nullopt;
}

/// `text`, which begins at `begin`, with the places of the lines before and after it.
Excerpt LogHistory::excerpt(int number, const LogFile& file, std::int64_t begin, std::string text) const {
  const std::int64_t end = begin + static_cast<std::int64_t>(text.size());
  Excerpt made{std::move(text), {file.id, begin}, {file.id, end}, std::nullopt, std::nullopt};
  made.older = begin > 0 ? std::optional(made.begin) : endOf(number + 1);
  if (end < file.size) {
    made.newer = made.end;
  } else if (const auto next = open(number - 1)) {
    made.newer = Place{next->id, 0};
  }
  return made;
}

std::optional<Excerpt> LogHistory::before(const std::optional<Place>& place, std::int64_t limit) const {
  const int number = place ? numberOf(place->file) : 0;
  const auto file = open(number);
  if (!file) return std::nullopt;
  const std::int64_t end = place ? std::min(place->offset, file->size) : file->size;
  auto [begin, text] = linesBefore(*file, end, limit);
  return excerpt(number, *file, begin, std::move(text));
}

std::optional<Excerpt> LogHistory::after(const Place& place, std::int64_t limit) const {
  const int number = numberOf(place.file);
  const auto file = open(number);
  if (!file) return std::nullopt;
  const std::int64_t begin = std::min(place.offset, file->size);
  std::string text = read(*file, begin, std::min(file->size, begin + limit));
  if (begin + static_cast<std::int64_t>(text.size()) < file->size) {
    const auto lastEnd = text.rfind('\n');
    if (lastEnd != std::string::npos) text.resize(lastEnd + 1);
  }
  return excerpt(number, *file, begin, std::move(text));
}

Found LogHistory::search(std::string_view needle, const std::optional<Place>& place) const {
  Found found;
  const int number = place ? numberOf(place->file) : 0;
  const auto file = open(number);
  if (!file || needle.empty()) return found;
  const std::int64_t end = place ? std::min(place->offset, file->size) : file->size;
  const auto [begin, text] = linesBefore(*file, end, kSearchedPerCall);
  const std::string wanted = core::lower(needle), low = core::lower(text);
  // memmem() is linear in the worst case, too. Each line is listed once, however many matches it has.
  for (std::size_t at = 0; at < low.size();) {
    const void* match = ::memmem(low.data() + at, low.size() - at, wanted.data(), wanted.size());
    if (!match) break;
    const auto hit = static_cast<std::size_t>(static_cast<const char*>(match) - low.data());
    const auto previous = hit == at ? std::string::npos : low.rfind('\n', hit - 1);
    const std::size_t lineBegin = previous == std::string::npos || previous < at ? at : previous + 1;
    const std::size_t lineEnd = std::min(low.find('\n', hit), low.size());
    // A long line is shown from shortly before the match.
    const std::size_t shown = hit - lineBegin < kMostShown / 2 ? lineBegin : hit - kMostShown / 4;
    found.lines.push_back({{file->id, begin + static_cast<std::int64_t>(lineBegin)},
                           text.substr(shown, std::min(lineEnd - shown, kMostShown))});
    at = lineEnd + 1;
  }
  std::reverse(found.lines.begin(), found.lines.end());
  if (found.lines.size() > kMostFound) {
    found.lines.resize(kMostFound);
    found.older = found.lines.back().begin;
  } else {
    found.older = begin > 0 ? std::optional(Place{file->id, begin}) : endOf(number + 1);
  }
  return found;
}

}  // namespace web
