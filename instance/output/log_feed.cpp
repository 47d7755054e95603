// SPDX-License-Identifier: MIT
#include "instance/output/log_feed.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <exception>
#include <new>
#include <utility>

namespace output {
namespace {

constexpr std::uint64_t kFirstBytes = 1024;
constexpr std::size_t kPiece = 64 * 1024;
/// Read in one turn of the loop, so that the followers can take it before more is read.
constexpr std::size_t kPiecesInATurn = 4;
constexpr core::milliseconds kFeedRetryPause{100};

}  // namespace

LogFeed::LogFeed(core::EventLoop& loop, std::string path, AppendNotice& notice)
    : follower_(std::move(path)),
      soon_(loop, [this] { pull(); }),
      more_(loop, [this] { pull(); }),
      subscription_(notice.subscribe([this] { soon_.schedule(); })) {}

core::Status LogFeed::open() {
  if (auto opened = follower_.open(kFirstBytes); !opened) return opened;
  keep(follower_.read(kFirstBytes));
  soon_.schedule();
  return {};
}

void LogFeed::resume(core::UniqueFd file, std::int64_t first, std::int64_t last) {
  first = std::max(first, last - static_cast<std::int64_t>(kKept));  // no follower is further behind
  // Somewhat earlier: who follows from now on gets its first bytes, too.
  begin_ = static_cast<std::uint64_t>(std::max<std::int64_t>(0, first - static_cast<std::int64_t>(kFirstBytes)));
  end_ = begin_;
  follower_.resume(std::move(file), static_cast<std::int64_t>(begin_));
  const auto wanted = static_cast<std::uint64_t>(std::max<std::int64_t>(0, last));
  while (end_ < wanted) {
    auto bytes = follower_.read(static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, wanted - end_)));
    if (bytes.empty()) break;
    keep(std::move(bytes));
  }
  soon_.schedule();
}

LogFeed::Place LogFeed::place(std::uint64_t position) const {
  Place place{follower_.file(), 0, {}};
  if (position < begin_) place.before = read(position, kPiece);
  while (position < fileBegin_) {
    const auto bytes = read(position, static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, fileBegin_ - position)));
    if (bytes.empty()) break;
    place.before += bytes;
  }
  place.offset = follower_.offset() - static_cast<std::int64_t>(end_ - std::min(end_, position));
  return place;
}

std::uint64_t LogFeed::positionAt(std::int64_t offset) const noexcept {
  const auto position = static_cast<std::uint64_t>(std::max<std::int64_t>(0, offset));
  return std::max(begin_, position <= end_ ? position : fileBegin_);
}

void LogFeed::leave(Reader& reader) noexcept { std::erase(readers_, &reader); }

std::uint64_t LogFeed::start() const noexcept {
  return std::max({begin_, fileBegin_, end_ - std::min(end_, kFirstBytes)});
}

void LogFeed::pull() {
  const auto before = end_;
  try {
    std::size_t pieces = 0;
    for (; pieces < kPiecesInATurn; ++pieces) {
      auto bytes = follower_.read(kPiece);
      if (bytes.empty()) break;
      keep(std::move(bytes));
    }
    if (pieces == kPiecesInATurn) more_.armIn(core::Duration::zero());
  } catch (const std::bad_alloc&) {
    more_.armIn(kFeedRetryPause);
  }
  if (end_ == before) return;
  for (auto* const reader : readers_) reader->onMore();
}

void LogFeed::keep(std::string bytes) noexcept {
  if (follower_.takeBegun()) fileBegin_ = end_;
  end_ += bytes.size();
  try {
    // Small pieces, of a log that grows line by line, are joined.
    if (!pieces_.empty() && pieces_.back().size() + bytes.size() <= kPiece) {
      pieces_.back().append(bytes);
    } else {
      bytes.shrink_to_fit();
      pieces_.push_back(std::move(bytes));
    }
  } catch (const std::exception&) {  // out of memory: all followers miss what was kept, and are given its size
    pieces_.clear();
    begin_ = end_;
  }
  while (end_ - begin_ > kKept) {
    begin_ += pieces_.front().size();
    pieces_.pop_front();
  }
}

/// The beginning of the first line at or after `position`; `position` if the end of its line is not there yet.
std::uint64_t LogFeed::nextLine(std::uint64_t position) const noexcept {
  std::uint64_t at = begin_;
  for (const auto& piece : pieces_) {
    const auto from =
        position > at ? static_cast<std::size_t>(std::min<std::uint64_t>(position - at, piece.size())) : 0;
    if (const auto end = piece.find('\n', from); end != std::string::npos) return at + end + 1;
    at += piece.size();
  }
  return position;
}

std::string LogFeed::read(std::uint64_t& position, std::size_t limit) const {
  if (position < begin_) {
    const auto next = nextLine(begin_);
    auto told = fmt::format("\n[... {} bytes skipped ...]\n", next - position);
    position = next;
    return told;
  }
  std::uint64_t at = begin_;
  for (const auto& piece : pieces_) {
    if (position < at + piece.size()) {
      auto bytes = piece.substr(static_cast<std::size_t>(position - at), limit);
      position += bytes.size();
      return bytes;
    }
    at += piece.size();
  }
  return {};
}

}  // namespace output
