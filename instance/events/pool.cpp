// SPDX-License-Identifier: MIT
#include "instance/events/pool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <limits>
#include <utility>

#include "instance/config/model.hpp"
#include "lib/core/log.hpp"
#include "lib/core/text.hpp"

namespace events {
namespace {

using Kind = ListenerProtocol::Action::Kind;

constexpr core::milliseconds kFirstPause{100};
constexpr core::seconds kLongestPause{60};

/// Bytes of a listener as the log shows them: a beginning, in quotes.
std::string quoted(std::string_view bytes) {
  constexpr std::size_t most = 100;
  const std::string_view begin = bytes.substr(0, most);
  return (core::isUtf8(begin) ? core::pythonRepr(begin) : core::pythonBytesRepr(begin)) +
         (bytes.size() > most ? "..." : "");
}

/// The value of "KEY:value" in a line of such words; nullopt: there is none.
std::optional<std::string_view> valueOf(std::string_view line, std::string_view key) {
  constexpr std::string_view blanks = " \t";
  while (!line.empty()) {
    const auto end = std::min(line.find_first_of(blanks), line.size());
    const auto word = line.substr(0, end);
    if (word.size() > key.size() && word.starts_with(key) && word[key.size()] == ':')
      return word.substr(key.size() + 1);
    line.remove_prefix(std::min(line.size(), end + 1));
  }
  return std::nullopt;
}

/// The next number of a series that wraps where Supervisor's does.
std::uint64_t takeSerial(std::uint64_t& next) {
  constexpr auto last = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  return std::exchange(next, next == last ? 0 : next + 1);
}

/// The part of a message that names the violation; empty if an earlier line of the log has it.
std::string complaint(const ListenerProtocol::Action& action, std::string_view bytes) {
  if (action.from == ListenerState::Ready) return ": it wrote " + quoted(bytes) + " between READY and an event";
  if (action.from != ListenerState::Acknowledged) return "";
  // Its first bytes decide; the rest of what it wrote makes them readable.
  const auto at = bytes.find(action.line);
  const auto said = at == std::string_view::npos ? std::string_view(action.line) : bytes.substr(at);
  return ": it wrote " + quoted(said) + " instead of 'READY\\n'";
}

}  // namespace

Pool::Pool(const config::GroupConfig& group, Shared& shared)
    : name_(group.name),
      subscription_(events::subscription(group.listener->events)),
      limit_(static_cast<std::size_t>(std::max(1, group.listener->bufferSize))),
      handler_(group.listener->handler),
      policy_(group.processes.empty() ? config::Backpressure::Block : group.processes.front()->backpressure),
      details_(group.listener->details),
      shared_(shared) {}

void Pool::reconfigure(const config::GroupConfig& group) {
  touch();
  subscription_ = events::subscription(group.listener->events);
  limit_ = static_cast<std::size_t>(std::max(1, group.listener->bufferSize));
  details_ = group.listener->details;
  if (!group.processes.empty()) policy_ = group.processes.front()->backpressure;
  while (queue_.size() > limit_) makeRoom();
}

Pool::Member& Pool::add(std::string name, ListenerProcess& process) {
  touch();
  Member& member = *members_.emplace_back(std::make_unique<Member>());
  member.name_ = std::move(name);
  member.process_ = &process;
  return member;
}

void Pool::remove(Member& member) {
  touch();
  giveBack(member);
  std::erase_if(members_, [&](const auto& other) { return other.get() == &member; });
}

void Pool::accept(const EventPtr& event) {
  touch();
  if (!event->serial) event->serial = takeSerial(shared_.nextSerial);
  const Delivery delivery{event, takeSerial(nextSerial_)};
  makeRoom();
  queue_.push_back(delivery);
}

void Pool::makeRoom() noexcept {
  if (queue_.size() < limit_) return;
  logging::error("pool {} event buffer overflowed, discarding event {}", name_, *queue_.front().event->serial);
  queue_.pop_front();
  ++dropped_;
}

void Pool::logRebuffering(const Delivery& delivery, std::size_t others) const noexcept {
  logging::debug("rebuffering event {} for pool {} (buf size={}, max={})", *delivery.event->serial, name_, others,
                 limit_);
}

void Pool::giveBack(Member& member) noexcept {
  touch();
  if (!member.current_) return;
  logRebuffering(*member.current_, queue_.size());
  makeRoom();
  try {
    queue_.push_front(*member.current_);
  } catch (const std::exception&) {
    ++dropped_;
    logging::error("pool {} discards event {}: out of memory", name_, *member.current_->event->serial);
  }
  member.current_.reset();
}

bool Pool::prints() const noexcept { return handler_ == config::ResultHandler::Stdout; }

bool Pool::anyoneReady() const {
  return std::any_of(members_.begin(), members_.end(), [](const auto& member) {
    return member->state() == ListenerState::Ready && member->process_->running();
  });
}

bool Pool::fullForNow() const {
  return queue_.size() >= limit_ && std::any_of(members_.begin(), members_.end(), [](const auto& member) {
           const auto& process = *member->process_;
           return member->state() != ListenerState::Unknown && (process.running() || process.starting());
         });
}

void Pool::dispatch() {
  if (pausedUntil_ || !anyoneReady()) return;
  while (!queue_.empty()) {
    // It stays in the queue until it is sent: sending may throw for lack of memory.
    if (!deliver(queue_.front())) return logRebuffering(queue_.front(), queue_.size() - 1);
    queue_.pop_front();
  }
}

bool Pool::deliver(Delivery& delivery) {
  for (const auto& member : members_) {
    if (member->state() != ListenerState::Ready || !member->process_->running()) continue;
    if (!member->process_->send(encode(*delivery.event, {shared_.identifier, name_, delivery.poolSerial, details_}))) {
      logging::debug("epipe occurred while sending event {} to listener {}, listener state unchanged",
                     *delivery.event->serial, member->name_);
      continue;
    }
    logging::debug("event {} sent to listener {}", *delivery.event->serial, member->name_);
    touch();
    ++shared_.delivered;
    member->protocol_.sent();
    member->current_ = std::move(delivery);
    return true;
  }
  return false;
}

void Pool::spawned(Member& member) {
  touch();
  member.protocol_.restart();
  member.processed_ = 0;
}

bool Pool::onOutput(Member& member, std::string_view bytes) {
  touch();
  const ListenerState before = member.state();
  const auto actions = member.protocol_.on(bytes, [&](std::string& result) { return judge(member, result); });
  for (const auto& action : actions) report(member, action, bytes);
  return before != ListenerState::Unknown && member.state() == ListenerState::Unknown;
}

/// `bytes` is what the listener has just written.
void Pool::report(Member& member, const ListenerProtocol::Action& action, std::string_view bytes) {
  const std::string& name = member.name_;
  switch (action.kind) {
    case Kind::Accepted:
      logging::debug("{}: event was processed", name);
      ++member.processed_;
      member.current_.reset();
      pause_ = core::Duration{0};
      break;
    case Kind::Rejected: reject(member, action.line); break;
    case Kind::Failed: logging::warn("{}: event caused an error", name); break;
    case Kind::BadResult:
      logging::warn("{}: bad result line: '{}'", name,
                    core::isUtf8(action.line) ? action.line : "Undecodable: " + core::pythonBytesRepr(action.line));
      break;
    case Kind::Changed:
      logging::debug("{}: {} -> {}", name, toText(action.from), toText(action.to));
      if (action.to == ListenerState::Unknown)
        logging::warn(
            "{}: has entered the UNKNOWN state and will no longer receive events, this usually indicates the process "
            "violated the eventlistener protocol{}",
            name, complaint(action, bytes));
      giveBack(member);  // unless it was accepted, the event waits for the next listener
      break;
  }
}

void Pool::reject(const Member& member, const std::string& answer) {
  pause_ = pause_ == core::Duration{0} ? kFirstPause : std::min<core::Duration>(2 * pause_, kLongestPause);
  pausedUntil_ = core::Clock::now() + pause_;
  logging::warn("{}: event was rejected: the answer was {} instead of 'OK'; it is sent again in {} s", member.name_,
                quoted(answer), std::chrono::duration<double>(pause_).count());
}

/// "processname:P channel:C" and, from the next line on, what P wrote: each line as "P C | LINE". False: it is not
/// that.
bool Pool::print(std::string_view result) const {
  const auto end = result.find('\n');
  if (end == std::string_view::npos) return false;
  const auto process = valueOf(result.substr(0, end), "processname");
  const auto channel = valueOf(result.substr(0, end), "channel");
  if (!process || !channel) return false;
  std::string out;
  for (std::string_view rest = result.substr(end + 1); !rest.empty();) {
    const auto lineEnd = std::min(rest.find('\n'), rest.size());
    out += fmt::format("{} {} | {}\n", *process, *channel, rest.substr(0, lineEnd));
    rest.remove_prefix(std::min(rest.size(), lineEnd + 1));
  }
  shared_.print(out, policy_);
  return true;
}

ListenerResult Pool::judge(const Member& member, std::string_view result) {
  constexpr std::string_view stdinWord = "STDIN:";
  if (result == "OK") return ListenerResult::Accepted;
  if (handler_ == config::ResultHandler::Stdout)
    return print(result) ? ListenerResult::Accepted : ListenerResult::Failed;
  if (handler_ != config::ResultHandler::StdinWrite || !result.starts_with(stdinWord)) return ListenerResult::Rejected;
  if (!member.current_ || !member.current_->event->source) return ListenerResult::Failed;
  shared_.writeStdin(*member.current_->event->source, result.substr(stdinWord.size()));
  return ListenerResult::Accepted;
}

}  // namespace events
