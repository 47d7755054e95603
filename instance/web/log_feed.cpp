// SPDX-License-Identifier: MIT
#include "instance/web/log_feed.hpp"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "instance/output/log_reader.hpp"
#include "lib/core/json.hpp"
#include "lib/core/text.hpp"

namespace web {
namespace {

/// A byte can become six in JSON ("\u0001"), plus the frame of the event.
constexpr std::size_t kGrowth = 8;

/// How many bytes at the end of `text` are an incomplete UTF-8 character.
std::size_t cutCharacter(std::string_view text) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xC0) == 0x80) continue;
    const std::size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}

}  // namespace

LogFeed::LogFeed(std::string path, const std::optional<Place>& place, output::AppendNotice& notice)
    : history_(std::move(path)), subscription_(notice.subscribe([this] { wake(); })) {
  if (place) file_ = history_.find(place->file);
  restarted_ = place && (!file_ || place->offset > file_->size);
  if (file_ && !restarted_) {
    offset_ = place->offset;
    return;
  }
  file_ = history_.current();
  offset_ = file_ && !place ? file_->size : 0;
}

/// Continues with the file that follows ours after a rotation or removal, or at the start of ours if it was emptied.
/// False: there is nothing more to read now.
bool LogFeed::moveOn() {
  struct stat mine {};
  if (file_ && ::fstat(file_->fd.get(), &mine) == 0 && mine.st_size < offset_) {
    offset_ = 0;
    restarted_ = true;
    return true;
  }
  if (file_) {
    auto current = history_.current();
    if (!current || current->id == file_->id) return false;
    auto next = history_.newerThan(file_->id);
    restarted_ = !next;  // ours was removed
    file_ = next ? std::move(next) : std::move(current);
  } else {
    file_ = history_.current();
  }
  offset_ = 0;
  return file_.has_value();
}

std::string LogFeed::more(std::size_t limit) {
  // Sent immediately: proxies and browsers wait for the first byte, and the log may not grow for hours.
  if (!std::exchange(begun_, true)) return "retry: 2000\n\n";
  const auto most = static_cast<std::int64_t>(std::max<std::size_t>(limit / kGrowth, 4));
  for (;;) {
    std::string bytes;
    if (file_) {
      auto read = output::readAt(file_->fd.get(), offset_, most);
      if (read) bytes = std::move(*read);
    }
    const std::size_t whole = bytes.size() - cutCharacter(bytes);
    if (whole > 0) bytes.resize(whole);
    if (bytes.empty() || whole == 0) {
      // An incomplete character waits for its rest, unless the next file has begun.
      if (moveOn()) continue;
      return {};
    }
    const Place begin{file_->id, offset_};
    offset_ += static_cast<std::int64_t>(bytes.size());
    const std::string end = Place{file_->id, offset_}.text();
    return fmt::format("id: {}\ndata: {{\"begin\":\"{}\",\"end\":\"{}\",\"restarted\":{},\"text\":{}}}\n\n", end,
                       begin.text(), end, std::exchange(restarted_, false), core::jsonString(bytes));
  }
}

}  // namespace web
