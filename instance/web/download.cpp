// SPDX-License-Identifier: MIT
#include "instance/web/download.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "instance/http/source.hpp"
#include "instance/output/log_reader.hpp"
#include "instance/web/log_history.hpp"

namespace web {
namespace {

class WholeFile final : public http::Source {
 public:
  explicit WholeFile(LogFile file) : file_(std::move(file)) {}
  std::string more(std::size_t limit) override {
    const auto left = std::min(file_.size - offset_, static_cast<std::int64_t>(limit));
    auto bytes = output::readAt(file_.fd.get(), offset_, std::max<std::int64_t>(left, 0));
    // A log that was emptied meanwhile ends the download.
    if (!bytes || bytes->empty()) offset_ = file_.size;
    if (!bytes) return {};
    offset_ += static_cast<std::int64_t>(bytes->size());
    return std::move(*bytes);
  }
  bool finished() const override { return offset_ >= file_.size; }

 private:
  LogFile file_;
  std::int64_t offset_ = 0;
};

/// Names come from configurations: '_' replaces what has a meaning in a header or a file system.
std::string safeName(std::string name) {
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
  std::replace_if(
      name.begin(), name.end(), [&](char c) { return plain.find(c) == std::string_view::npos; }, '_');
  return name;
}

}  // namespace

void sendDownload(const std::string& path, const std::string& name, const http::Reply& reply) {
  auto file = LogHistory(path).current();
  if (!file) return reply.send(http::makeError(404, "There is no log file."));
  auto head = http::makeResponse("text/plain;charset=utf-8", {});
  head.headers.emplace_back("Content-Disposition", "attachment; filename=\"" + safeName(name) + ".log\"");
  head.headers.emplace_back("Cache-Control", "no-store");
  reply.stream(std::move(head), std::make_unique<WholeFile>(std::move(*file)));
}

}  // namespace web
