// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "instance/config/model.hpp"
#include "instance/events/pool.hpp"
#include "lib/core/log_sink.hpp"

/// A pool of event listeners without processes, for tests.
namespace events {

/// Keeps the log's lines as "LEVL text".
class LogLines : public logging::LineSink {
 public:
  void writeLine(logging::Level, std::string_view line) noexcept override {
    std::string_view text = line.substr(24);  // after the time
    if (!text.empty() && text.back() == '\n') text.remove_suffix(1);
    lines.emplace_back(text);
  }
  std::vector<std::string> take() { return std::exchange(lines, {}); }
  std::vector<std::string> lines;
};

class FakeProcess : public ListenerProcess {
 public:
  [[nodiscard]] bool running() const override { return isRunning; }
  bool send(std::string_view bytes) override {
    if (broken) return false;
    sent.emplace_back(bytes);
    return true;
  }
  bool isRunning = true;
  bool broken = false;
  std::vector<std::string> sent;
};

inline config::GroupConfig groupOf(std::string name, int bufferSize, std::vector<std::string> names,
                                   config::ResultHandler handler = config::ResultHandler::Default) {
  config::GroupConfig group;
  group.kind = config::GroupConfig::Kind::EventListener;
  group.name = std::move(name);
  group.listener = config::ListenerSettings{bufferSize, std::move(names), handler};
  return group;
}

struct Fixture {
  Fixture() {
    logging::setSinks({log});
    logging::setLevel(logging::Level::Debug);
  }
  ~Fixture() { logging::setSinks({}); }

  std::shared_ptr<LogLines> log = std::make_shared<LogLines>();
  std::vector<std::string> written;
  Shared shared{"supervisor", 0,
                [this](const Source& source, std::string_view bytes) {
                  written.push_back(source.group + ":" + source.process + "<" + std::string(bytes));
                },
                [this](std::string_view lines, config::Backpressure) { printed += lines; }};
  std::string printed;
};

using Lines = std::vector<std::string>;

inline EventPtr remote(std::string_view data) { return makeRemoteEvent("t", data); }

inline std::string rejection(const std::string& answer, const std::string& seconds) {
  return "WARN l: event was rejected: the answer was '" + answer + "' instead of 'OK'; it is sent again in " + seconds +
         " s";
}

constexpr auto kUnknownWarning =
    "WARN l: has entered the UNKNOWN state and will no longer receive events, this usually indicates the process "
    "violated the eventlistener protocol";

}  // namespace events
