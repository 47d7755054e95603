// SPDX-License-Identifier: MIT
#include "instance/events/listener_protocol.hpp"

#include <algorithm>
#include <utility>

#include "lib/core/text.hpp"

namespace events {
namespace {

using Kind = ListenerProtocol::Action::Kind;

constexpr std::string_view kReadyToken = "READY\n";
constexpr std::size_t kResultWordLength = 7;  // "RESULT "

Kind toKind(ListenerResult verdict) {
  switch (verdict) {
    case ListenerResult::Accepted: return Kind::Accepted;
    case ListenerResult::Rejected: return Kind::Rejected;
    case ListenerResult::Failed: break;
  }
  return Kind::Failed;
}

bool isDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string_view toText(ListenerState state) noexcept {
  switch (state) {
    case ListenerState::Ready: return "READY";
    case ListenerState::Busy: return "BUSY";
    case ListenerState::Acknowledged: return "ACKNOWLEDGED";
    case ListenerState::Unknown: break;
  }
  return "UNKNOWN";
}

std::optional<std::size_t> resultLength(std::string_view line) noexcept {
  std::string_view text = core::trim(line.substr(std::min(line.size(), kResultWordLength)));
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  const bool minus = !text.empty() && text.front() == '-';
  if (minus) text.remove_prefix(1);
  std::size_t value = 0;
  bool digitBefore = false;  // a single underscore is allowed between two digits
  for (const char c : text) {
    if (c == '_' && digitBefore) {
      digitBefore = false;
      continue;
    }
    if (!isDigit(c)) return std::nullopt;
    digitBefore = true;
    value = value * 10 + static_cast<std::size_t>(c - '0');
    if (value > ListenerProtocol::kMaxResult) return std::nullopt;
  }
  if (!digitBefore || (minus && value != 0)) return std::nullopt;
  return value;
}

void ListenerProtocol::restart() noexcept {
  state_ = ListenerState::Acknowledged;
  forget();
}

void ListenerProtocol::forget() noexcept {
  std::string().swap(pending_);  // a large result must not stay allocated
  length_.reset();
}

ListenerProtocol::Actions ListenerProtocol::on(std::string_view bytes, const Judge& judge) {
  Actions actions;
  while (!bytes.empty()) {
    switch (state_) {
      case ListenerState::Acknowledged: bytes = takeReady(bytes, actions); break;
      case ListenerState::Ready: violate(actions); return actions;
      case ListenerState::Busy:
        if (!length_) bytes = takeLine(bytes, actions);
        if (length_) bytes = takeResult(bytes, judge, actions);
        break;
      case ListenerState::Unknown: return actions;
    }
  }
  return actions;
}

void ListenerProtocol::change(ListenerState to, Actions& actions) {
  actions.push_back({Kind::Changed, state_, to, {}});
  state_ = to;
  forget();
}

void ListenerProtocol::violate(Actions& actions) { change(ListenerState::Unknown, actions); }

std::string_view ListenerProtocol::takeReady(std::string_view bytes, Actions& actions) {
  // A listener that counts characters and answers with the payload also sends back the tabs that follow it.
  if (pending_.empty()) bytes.remove_prefix(std::min(bytes.size(), bytes.find_first_not_of('\t')));
  const std::size_t taken = std::min(bytes.size(), kReadyToken.size() - pending_.size());
  pending_.append(bytes.substr(0, taken));
  if (pending_.size() < kReadyToken.size()) return bytes.substr(taken);
  const std::string said = std::exchange(pending_, {});
  change(said == kReadyToken ? ListenerState::Ready : ListenerState::Unknown, actions);
  if (state_ == ListenerState::Unknown) actions.back().line = said;
  return bytes.substr(taken);
}

std::string_view ListenerProtocol::takeLine(std::string_view bytes, Actions& actions) {
  const std::size_t end = bytes.find('\n');
  const bool complete = end != std::string_view::npos;
  pending_.append(bytes.substr(0, end));
  bytes.remove_prefix(complete ? end + 1 : bytes.size());
  if (!complete && pending_.size() <= kMaxLine) return bytes;
  length_ = complete ? resultLength(pending_) : std::nullopt;
  if (length_) {
    pending_.clear();
  } else {
    actions.push_back({Kind::BadResult, state_, state_, std::move(pending_)});
    violate(actions);
  }
  return bytes;
}

std::string_view ListenerProtocol::takeResult(std::string_view bytes, const Judge& judge, Actions& actions) {
  const std::size_t taken = std::min(bytes.size(), *length_ - pending_.size());
  pending_.append(bytes.substr(0, taken));
  if (pending_.size() == *length_) {
    std::string quoted = pending_.substr(0, kMaxQuoted);
    const ListenerResult verdict = judge(pending_);
    if (verdict != ListenerResult::Rejected) quoted.clear();
    actions.push_back({toKind(verdict), state_, state_, std::move(quoted)});
    change(verdict == ListenerResult::Failed ? ListenerState::Unknown : ListenerState::Acknowledged, actions);
  }
  return bytes.substr(taken);
}

}  // namespace events
