// SPDX-License-Identifier: MIT
#include "instance/web/live.hpp"

#include <fmt/core.h>

#include "instance/http/source.hpp"
#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "instance/process/table.hpp"
#include "lib/core/json.hpp"

namespace web {
namespace {

constexpr core::seconds samplePeriod{2};
// A page that does not read that much is cut off; the browser connects again and begins with everything.
constexpr std::size_t maxBacklog = 1024 * 1024;

std::string programJson(const process::Process& program) {
  return fmt::format(R"({{"name":{},"state":"{}","pid":{},"start":{},"description":{}}})",
                     core::jsonString(program.fullName()), lifecycle::toText(program.state()), program.pid(),
                     program.startedAt(), core::jsonString(program.description()));
}

std::string message(const std::string& body) {
  return fmt::format("data: {{\"now\":{}{}}}\n\n", core::wallSeconds(), body);
}

}  // namespace

/// The stream of one open page.
class Live::Page final : public http::Source {
 public:
  /// `beginning` is the state of everything, which may be long.
  Page(std::shared_ptr<Live*> live, std::string beginning)
      : live_(std::move(live)), backlog_(std::move(beginning)), mostBacklog_(maxBacklog + backlog_.size()) {}
  ~Page() override {
    if (*live_) (*live_)->detach(*this);
  }
  void push(const std::string& text) {
    if (backlog_.size() + text.size() > mostBacklog_) cut_ = true;
    if (!cut_) backlog_ += text;
    wake();
  }
  std::string more(std::size_t limit) override {
    std::string piece = backlog_.substr(0, limit);
    backlog_.erase(0, piece.size());
    return piece;
  }
  bool finished() const override { return cut_; }

 private:
  std::shared_ptr<Live*> live_;
  std::string backlog_;
  std::size_t mostBacklog_;
  bool cut_ = false;
};

Live::Live(core::EventLoop& loop, process::Table& table)
    : table_(table),
      deferred_(loop, [this] { flush(); }),
      timer_(loop, [this] { sampleUsage(); }, core::milliseconds(100)),
      self_(std::make_shared<Live*>(this)) {}

Live::~Live() {
  *self_ = nullptr;
  if (!pages_.empty()) table_.unsubscribe(*this);
}

void Live::attach(const http::Reply& reply) {
  auto page = std::make_unique<Page>(self_, "retry: 2000\n\n" + everything());
  if (pages_.empty()) {
    table_.subscribe(*this);
    sampler_.clear();
    timer_.armIn(core::milliseconds(0));
  }
  pages_.insert(page.get());
  http::Response head = http::makeResponse("text/event-stream", {});
  head.headers.emplace_back("Cache-Control", "no-store");
  head.headers.emplace_back("X-Accel-Buffering", "no");
  reply.stream(std::move(head), std::move(page));
}

void Live::detach(Page& page) noexcept {
  pages_.erase(&page);
  if (!pages_.empty()) return;
  table_.unsubscribe(*this);
  timer_.disarm();
  deferred_.cancel();
  changed_.clear();
  tableChanged_ = false;
}

void Live::onStateChange(process::Process& program, const process::StateChange&) {
  changed_.insert(&program);
  deferred_.schedule();
}

void Live::onGroupAdded(process::Group&) {
  tableChanged_ = true;
  deferred_.schedule();
}

void Live::onGroupRemoved(process::Group& group) {
  for (const auto& program : group.processes()) onProcessRemoved(*program);
}

void Live::onProcessRemoved(process::Process& program) {
  changed_.erase(&program);
  tableChanged_ = true;
  deferred_.schedule();
}

void Live::flush() {
  std::string body;
  for (const auto* program : changed_) body += (body.empty() ? "" : ",") + programJson(*program);
  if (!body.empty()) body = ",\"programs\":[" + body + "]";
  if (tableChanged_) body += ",\"table\":true";
  changed_.clear();
  tableChanged_ = false;
  broadcast(message(body));
}

void Live::sampleUsage() {
  const core::Instant begun = core::Clock::now();
  std::string body;
  for (const auto& group : table_.groups()) {
    for (const auto& program : group->processes()) {
      const auto usage = program->pid() ? sampler_.sample(program->pid()) : std::nullopt;
      body += fmt::format("{}{{\"name\":{},\"cpu\":{},\"memory\":{}}}", body.empty() ? "" : ",",
                          core::jsonString(program->fullName()),
                          usage && usage->cpuPercent ? fmt::format("{:.1f}", *usage->cpuPercent) : "null",
                          usage ? std::to_string(usage->memory) : "null");
    }
  }
  sampler_.forgetBefore(begun);
  broadcast(message(",\"usage\":[" + body + "]"));
  timer_.armIn(samplePeriod);
}

void Live::broadcast(const std::string& text) {
  for (auto* page : pages_) page->push(text);
}

std::string Live::everything() const {
  std::string body;
  for (const auto& group : table_.groups())
    for (const auto& program : group->processes()) body += (body.empty() ? "" : ",") + programJson(*program);
  return message(",\"programs\":[" + body + "]");
}

}  // namespace web
