// SPDX-License-Identifier: MIT
#include "instance/web/live.hpp"

#include <fmt/core.h>
#include <malloc.h>

#include <algorithm>
#include <exception>

#include "instance/http/source.hpp"
#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "instance/process/table.hpp"
#include "instance/web/health_text.hpp"
#include "instance/web/origin.hpp"
#include "lib/core/json.hpp"

namespace web {
namespace {

constexpr core::seconds kSamplePeriod{2};
// The stream of a page that is further behind is cut; the browser reconnects and gets the whole state.
constexpr std::size_t kMaxBacklog = 1024 * 1024;

std::string programJson(const process::Process& program) {
  const auto health = healthText(program);
  // A stop cancels a start that is due. For most programs the state is enough to know what a stop can do.
  const bool cancellable = program.awaitsStart() && !lifecycle::isActive(program.state());
  return fmt::format(
      R"({{"name":{},"state":"{}","pid":{},"start":{},"description":{}{}{}}})", core::jsonString(program.fullName()),
      lifecycle::toText(program.state()), program.pid(), program.startedAt(), core::jsonString(program.description()),
      health.empty() ? "" : ",\"health\":" + core::jsonString(health), cancellable ? R"(,"waits":true)" : "");
}

std::string message(const std::string& body) {
  return fmt::format("data: {{\"now\":{}{}}}\n\n", core::wallSeconds(), body);
}

}  // namespace

http::Response eventStream() {
  http::Response head = http::makeResponse("text/event-stream", {});
  head.headers.emplace_back("Cache-Control", "no-store");
  head.headers.emplace_back("X-Accel-Buffering", "no");
  return head;
}

/// The stream of one open page.
class Live::Page final : public http::Source {
 public:
  /// `beginning` is the whole state, which can be long.
  Page(std::shared_ptr<Live*> live, std::string only, std::string beginning)
      : live_(std::move(live)),
        only_(std::move(only)),
        backlog_(std::move(beginning)),
        mostBacklog_(kMaxBacklog + backlog_.size()) {}
  ~Page() override {
    if (*live_) (*live_)->detach(*this);
  }
  /// The program it is about; empty: all.
  [[nodiscard]] const std::string& only() const noexcept { return only_; }
  /// Without memory the stream is cut, too.
  void push(const std::string& text) noexcept {
    try {
      if (backlog_.size() + text.size() > mostBacklog_) cut_ = true;
      if (!cut_) backlog_ += text;
    } catch (const std::exception&) {
      cut_ = true;
    }
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
  std::string only_;
  std::string backlog_;
  std::size_t mostBacklog_;
  bool cut_ = false;
};

Live::Live(core::EventLoop& loop, process::Table& table)
    : table_(table),
      life_(makeToken()),
      deferred_(loop, [this] { flush(); }),
      timer_(
          loop, [this] { sampleUsage(); }, core::milliseconds(100)),
      self_(std::make_shared<Live*>(this)) {}

Live::~Live() {
  *self_ = nullptr;
  if (!pages_.empty()) table_.unsubscribe(*this);
}

void Live::attach(const http::Reply& reply, const std::string& only) {
  auto page = std::make_unique<Page>(self_, only, "retry: 2000\n\n" + everything(only));
  if (pages_.empty()) table_.subscribe(*this);
  if (only.empty()) {
    if (!anyWholePage()) {
      sampler_.clear();
      timer_.armIn(core::milliseconds(0));
    }
    told_.clear();  // the new page knows no usage: send all of it again
  }
  pages_.insert(page.get());
  reply.stream(eventStream(), std::move(page));
}

void Live::detach(Page& page) noexcept {
  pages_.erase(&page);
  if (!anyWholePage()) {
    timer_.disarm();
    sampler_.clear();
    told_ = {};
  }
  if (!pages_.empty()) return;
  table_.unsubscribe(*this);
  deferred_.cancel();
  changed_.clear();
  tableChanged_ = false;
  // The last page is closed: return the memory of the messages to the system.
  ::malloc_trim(0);
}

bool Live::anyWholePage() const noexcept {
  return std::any_of(pages_.begin(), pages_.end(), [](const Page* page) { return page->only().empty(); });
}

void Live::onStateChange(process::Process& program, const process::StateChange&) {
  changed_.insert(&program);  // collected: a thousand changes of one turn are one message
  deferred_.schedule();
}

void Live::onHealth(process::Process& program, const process::HealthChange&) {
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
  broadcast(message(body));
  for (auto* page : pages_) {
    const auto concerns = [page](const process::Process* program) { return program->fullName() == page->only(); };
    if (page->only().empty()) continue;
    if (tableChanged_ || std::any_of(changed_.begin(), changed_.end(), concerns)) page->push(everything(page->only()));
  }
  changed_.clear();  // at the end: if there is no memory for a message, the next flush repeats it
  tableChanged_ = false;
}

/// Sends only usage that has changed: most of a thousand programs are idle most of the time.
void Live::sampleUsage() {
  const core::Instant begun = core::Clock::now();
  std::string body;
  std::unordered_map<pid_t, std::string> known;
  for (const auto& group : table_.groups()) {
    for (const auto& program : group->processes()) {
      if (!program->pid()) continue;  // pages clear the numbers of a program without a process
      const auto usage = sampler_.sample(program->pid());
      std::string numbers = fmt::format(R"("cpu":{},"memory":{})",
                                        usage && usage->cpuPercent ? fmt::format("{:.1f}", *usage->cpuPercent) : "null",
                                        usage ? std::to_string(usage->memory) : "null");
      const auto before = told_.find(program->pid());
      if (before == told_.end() || before->second != numbers)
        body += fmt::format("{}{{\"name\":{},{}}}", body.empty() ? "" : ",", core::jsonString(program->fullName()),
                            numbers);
      known.emplace(program->pid(), std::move(numbers));
    }
  }
  const std::string text = message(",\"usage\":[" + body + "]");
  told_ = std::move(known);
  sampler_.forgetBefore(begun);
  broadcast(text);
  timer_.armIn(kSamplePeriod);
}

/// Sends to the pages that show all programs.
void Live::broadcast(const std::string& text) noexcept {
  for (auto* page : pages_)
    if (page->only().empty()) page->push(text);
}

std::string Live::everything(const std::string& only) const {
  std::string body;
  for (const auto& group : table_.groups())
    for (const auto& program : group->processes())
      if (only.empty() || program->fullName() == only) body += (body.empty() ? "" : ",") + programJson(*program);
  return message(",\"life\":\"" + life_ + "\",\"programs\":[" + body + "]");
}

}  // namespace web
