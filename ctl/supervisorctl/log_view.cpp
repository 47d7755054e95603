// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/log_view.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "ctl/supervisorctl/session.hpp"
#include "lib/core/percent_encoding.hpp"
#include "lib/core/terminal_text.hpp"

namespace ctl {
namespace {

constexpr std::array<std::string_view, 6> kLabelColours{"\033[36m", "\033[33m", "\033[32m",
                                                        "\033[35m", "\033[34m", "\033[31m"};
constexpr std::size_t kLongestLine = 1 << 16;  // a longer line is printed in parts: memory stays bounded

/// Prints whole lines with a label before each; the beginning of a line is kept until its end arrives.
class LabelledLines {
 public:
  LabelledLines(Output& out, std::string label) : out_(&out), label_(std::move(label)) {}

  void take(std::string_view bytes) {
    pending_ += bytes;
    std::size_t begin = 0;
    for (std::size_t end; (end = pending_.find('\n', begin)) != std::string::npos; begin = end + 1)
      print(std::string_view(pending_).substr(begin, end - begin));
    pending_.erase(0, begin);
    if (pending_.size() > kLongestLine) finish();
  }
  void finish() {
    if (!pending_.empty()) print(std::exchange(pending_, {}));
  }

 private:
  void print(std::string_view line) {
    out_->raw(label_);
    out_->log(line);
    out_->endLog();  // so that open colours or half a sequence do not affect the line of another program
    out_->line("");
  }

  Output* out_;
  std::string label_;
  std::string pending_;
};

struct Followed {
  xmlrpc::Stream stream;
  std::optional<LabelledLines> lines;  ///< nullopt: the only log, printed unchanged
};

std::string labelOf(const Session& session, const std::string& name, std::size_t width, std::size_t index) {
  std::string text = padded(core::printable(name), width) + " | ";
  if (!session.out.colours()) return text;
  return std::string(kLabelColours[index % kLabelColours.size()]) + text + "\033[0m";
}

/// Prints the available bytes of one stream. False: it has ended.
bool readOne(Session& session, Followed& followed) {
  auto more = followed.stream.read([&](std::string_view bytes) {
    if (followed.lines)
      followed.lines->take(bytes);
    else
      session.out.log(bytes);
  });
  const bool open = more && *more;
  if (!open && followed.lines) followed.lines->finish();
  if (!open) session.out.endLog();
  session.out.flush();
  return open;
}

/// Waits for any of the streams. False: Ctrl-C.
bool waitForAny(const Interrupt& interrupt, const std::vector<Followed>& logs, std::vector<pollfd>& watched) {
  watched.assign(1, {interrupt.fd(), POLLIN, 0});
  for (const Followed& log : logs) watched.push_back({log.stream.fd(), POLLIN, 0});
  if (::poll(watched.data(), watched.size(), -1) < 0) return true;
  return watched[0].revents == 0;
}

}  // namespace

core::Result<xmlrpc::Stream, std::string> openLog(const Session& session, const std::string& path) {
  const std::string shown = session.settings.serverUrl + path;
  auto target = session.endpoint();
  if (!target) return core::Err{shown + " Cannot connect, error: <class 'NotImplementedError'> ()"};
  auto stream = xmlrpc::Stream::open(*target, session.credentials(), core::percentEncode(path));
  if (stream) return std::move(stream).value();
  using Kind = xmlrpc::ClientError::Kind;
  const xmlrpc::ClientError& error = stream.error();
  if (error.kind == Kind::Status || error.kind == Kind::Unauthorized)
    return core::Err{shown + " Cannot read, status code " +
                     std::to_string(error.kind == Kind::Unauthorized ? 401 : error.code)};
  const Failure failure = toFailure(error);
  return core::Err{shown + " Cannot connect, error: <class '" + failure.type + "'> (" + failure.value + ')'};
}

bool followLogs(Session& session, const std::vector<LogSource>& sources) {
  session.out.flush();
  const Interrupt interrupt;
  std::size_t width = 0;
  for (const LogSource& source : sources) width = std::max(width, source.label.size());
  std::vector<Followed> logs;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    auto stream = openLog(session, sources[i].path);
    if (!stream) {
      printError(stream.error());
      continue;
    }
    logs.push_back({std::move(stream).value(), std::nullopt});
    if (sources.size() > 1) logs.back().lines.emplace(session.out, labelOf(session, sources[i].label, width, i));
  }
  // Bytes that came with the head of the answer do not make the descriptor readable again.
  std::erase_if(logs, [&](Followed& log) { return !readOne(session, log); });
  std::vector<pollfd> watched;
  while (!logs.empty()) {
    if (!waitForAny(interrupt, logs, watched)) {
      session.out.endLog();
      return false;
    }
    std::size_t index = 0;
    std::erase_if(logs, [&](Followed& log) { return watched[++index].revents != 0 && !readOne(session, log); });
  }
  return true;
}

}  // namespace ctl
