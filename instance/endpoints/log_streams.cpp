// SPDX-License-Identifier: MIT
#include "instance/endpoints/log_streams.hpp"

#include <sys/stat.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "instance/api/names.hpp"
#include "instance/http/router.hpp"
#include "instance/http/source.hpp"
#include "instance/output/log_feed.hpp"
#include "instance/output/rotating_file.hpp"
#include "instance/process/process.hpp"
#include "instance/process/table.hpp"

namespace endpoints {
namespace {

/// A log as the body of an answer without an end. The feed reports to a client that reads too slowly how much it has
/// missed.
class LogSource final : public http::Source, private output::LogFeed::Reader {
 public:
  explicit LogSource(std::shared_ptr<output::LogFeed> feed) : feed_(std::move(feed)), position_(feed_->start()) {
    feed_->join(*this);
  }
  ~LogSource() override { feed_->leave(*this); }
  LogSource(const LogSource&) = delete;
  LogSource& operator=(const LogSource&) = delete;
  [[nodiscard]] std::string more(std::size_t limit) override { return feed_->read(position_, limit); }

 private:
  void onMore() noexcept override { wake(); }

  std::shared_ptr<output::LogFeed> feed_;
  std::uint64_t position_;
};

/// "/logtail/group%3Aname/stderr", taken apart.
struct Wanted {
  std::string name;
  process::Channel channel = process::Channel::Stdout;
};

std::optional<Wanted> parsePath(const std::string& path) {
  std::string_view rest(path);
  rest.remove_prefix(std::min(rest.find_first_not_of('/'), rest.size()));
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  rest.remove_prefix(slash + 1);
  const std::size_t end = rest.find('/');
  Wanted wanted{std::string(rest.substr(0, end))};
  if (wanted.name.empty()) return std::nullopt;
  if (end == std::string_view::npos) return wanted;
  const std::string_view channel = rest.substr(end + 1);
  if (channel == "stderr")
    wanted.channel = process::Channel::Stderr;
  else if (channel != "stdout")
    return std::nullopt;
  return wanted;
}

void stream(output::RotatingFile* log, const http::Reply& reply) {
  struct stat facts {};
  if (log == nullptr || ::stat(log->path().c_str(), &facts) != 0) return reply.send(http::makeError(404));
  auto feed = log->feed();
  if (!feed) return reply.send(http::makeError(404));
  http::Response head;
  head.headers.emplace_back("Last-Modified", http::httpDate(facts.st_mtime));
  head.headers.emplace_back("Content-Type", "text/plain;charset=utf-8");
  head.headers.emplace_back("X-Accel-Buffering", "no");
  reply.stream(std::move(head), std::make_unique<LogSource>(std::move(feed)));
}

void streamProgram(const process::Table& table, const http::Request& request, const http::Reply& reply) {
  if (request.method != "GET") return reply.send(http::makeError(400));
  const auto wanted = parsePath(request.path());
  if (!wanted) return reply.send(http::makeError(404));
  const auto program = api::findProgram(table, wanted->name);
  if (!program) return reply.send(http::makeError(404));
  (*program)->catchUp(wanted->channel);
  stream((*program)->log(wanted->channel), reply);
}

}  // namespace

void addLogStreams(http::Router& router, process::Table& table, std::function<output::RotatingFile*()> activityLog) {
  router.addPrefix("/logtail", [&table](const http::Request& request, const http::Reply& reply) {
    streamProgram(table, request, reply);
  });
  router.addPrefix("/mainlogtail",
                   [activityLog = std::move(activityLog)](const http::Request& request, const http::Reply& reply) {
                     if (request.method != "GET") return reply.send(http::makeError(400));
                     stream(activityLog(), reply);
                   });
}

}  // namespace endpoints
