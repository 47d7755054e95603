// SPDX-License-Identifier: MIT
#include "instance/endpoints/log_streams.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "instance/api/names.hpp"
#include "instance/http/router.hpp"
#include "instance/output/log_feed.hpp"
#include "instance/output/rotating_file.hpp"
#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "instance/process/table.hpp"
#include "instance/state/descriptors.hpp"
#include "instance/state/state.hpp"

namespace endpoints {
namespace {

/// Which log it is; without a group the activity log.
struct LogName {
  std::string group;
  std::string program;
  process::Channel channel = process::Channel::Stdout;
};

/// A log as the body of an answer without an end. The feed reports to a client that reads too slowly how much it has
/// missed.
class LogSource final : public http::Source, private output::LogFeed::Reader {
 public:
  LogSource(std::shared_ptr<output::LogFeed> feed, LogName name, std::uint64_t position)
      : feed_(std::move(feed)), name_(std::move(name)), position_(position) {
    feed_->join(*this);
  }
  ~LogSource() override { feed_->leave(*this); }
  LogSource(const LogSource&) = delete;
  LogSource& operator=(const LogSource&) = delete;
  [[nodiscard]] std::string more(std::size_t limit) override { return feed_->read(position_, limit); }
  [[nodiscard]] bool save(state::Stream& saved, std::string& first, state::Outgoing& descriptors) const override;

 private:
  void onMore() noexcept override { wake(); }

  std::shared_ptr<output::LogFeed> feed_;
  LogName name_;
  std::uint64_t position_;
};

bool LogSource::save(state::Stream& saved, std::string& first, state::Outgoing& descriptors) const {
  auto place = feed_->place(position_);
  saved = {name_.group, name_.program, name_.channel == process::Channel::Stderr, {}, place.offset};
  // One descriptor for all who follow the log: its number names it, so that they agree without knowing each other.
  saved.file = "log." + std::to_string(place.file);
  if (feed_->isFirst(*this)) (void)descriptors.add(saved.file, place.file);
  first = std::move(place.before);
  return true;
}

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

void stream(output::RotatingFile* log, LogName name, const http::Reply& reply) {
  struct stat facts {};
  if (log == nullptr || ::stat(log->path().c_str(), &facts) != 0) return reply.send(http::makeError(404));
  auto feed = log->feed();
  if (!feed) return reply.send(http::makeError(404));
  http::Response head;
  head.headers.emplace_back("Last-Modified", http::httpDate(facts.st_mtime));
  head.headers.emplace_back("Content-Type", "text/plain;charset=utf-8");
  head.headers.emplace_back("X-Accel-Buffering", "no");
  const auto start = feed->start();
  reply.stream(std::move(head), std::make_unique<LogSource>(std::move(feed), std::move(name), start));
}

void streamProgram(const process::Table& table, const http::Request& request, const http::Reply& reply) {
  if (request.method != "GET") return reply.send(http::makeError(400));
  const auto wanted = parsePath(request.path());
  if (!wanted) return reply.send(http::makeError(404));
  const auto program = api::findProgram(table, wanted->name);
  if (!program) return reply.send(http::makeError(404));
  (*program)->catchUp(wanted->channel);
  LogName name{(*program)->group().name(), (*program)->name(), wanted->channel};
  stream((*program)->log(wanted->channel), std::move(name), reply);
}

/// The streams of one log, as they are resumed: one feed for all of them.
struct Followers {
  std::vector<const state::Connection*> connections;
  std::int64_t first = std::numeric_limits<std::int64_t>::max();
  std::int64_t last = 0;
};

output::RotatingFile* logOf(const state::Stream& stream, const process::Table& table,
                            output::RotatingFile* activityLog) {
  if (stream.group.empty()) return activityLog;
  process::Process* const program = table.find(stream.group, stream.program);
  if (program == nullptr) return nullptr;
  return program->log(stream.standardError ? process::Channel::Stderr : process::Channel::Stdout);
}

}  // namespace

void addLogStreams(http::Router& router, process::Table& table, std::function<output::RotatingFile*()> activityLog) {
  router.addPrefix("/logtail", [&table](const http::Request& request, const http::Reply& reply) {
    streamProgram(table, request, reply);
  });
  router.addPrefix("/mainlogtail",
                   [activityLog = std::move(activityLog)](const http::Request& request, const http::Reply& reply) {
                     if (request.method != "GET") return reply.send(http::makeError(400));
                     stream(activityLog(), {}, reply);
                   });
}

ResumedStreams resumeLogStreams(const std::vector<state::Connection>& connections, state::Incoming& descriptors,
                                const process::Table& table, output::RotatingFile* activityLog) {
  std::map<std::string, Followers> logs;  // by the descriptor of the file
  for (const auto& connection : connections) {
    if (!connection.stream) continue;
    auto& log = logs[connection.stream->file];
    log.connections.push_back(&connection);
    log.first = std::min(log.first, connection.stream->offset);
    log.last = std::max(log.last, connection.stream->offset);
  }
  ResumedStreams streams;
  for (auto& [file, log] : logs) {
    const state::Stream& any = *log.connections.front()->stream;
    auto* const target = logOf(any, table, activityLog);
    auto descriptor = descriptors.take(file);
    if (target == nullptr || !descriptor) continue;
    const auto feed = target->resumeFeed(std::move(descriptor), log.first, log.last);
    for (const auto* const connection : log.connections) {
      const state::Stream& stream = *connection->stream;
      LogName name{stream.group, stream.program,
                   stream.standardError ? process::Channel::Stderr : process::Channel::Stdout};
      streams.emplace(connection->socket,
                      std::make_unique<LogSource>(feed, std::move(name), feed->positionAt(stream.offset)));
    }
  }
  return streams;
}

}  // namespace endpoints
