// SPDX-License-Identifier: MIT
#include <charconv>
#include <limits>
#include <set>

#include "instance/state/heads.hpp"
#include "instance/state/kinds.hpp"
#include "instance/state/records.hpp"
#include "instance/state/text.hpp"

namespace state {
namespace {

void appendNumber(std::string& out, auto number) {
  char digits[std::numeric_limits<decltype(number)>::digits10 + 3];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

// The text of a value that is one field. `also`: a character that is escaped in texts.
void appendText(std::string& out, bool value, char /*also*/) { out += value ? "yes" : "no"; }
void appendText(std::string& out, Number auto value, char /*also*/) { appendNumber(out, value); }
void appendText(std::string& out, const std::string& value, char also) { appendEscaped(out, value, also); }
void appendText(std::string& out, core::Instant value, char /*also*/) {
  appendNumber(out, std::chrono::nanoseconds(value.time_since_epoch()).count());
}
void appendText(std::string& out, core::milliseconds value, char /*also*/) { appendNumber(out, value.count()); }
void appendText(std::string& out, Worded auto value, char /*also*/) {
  for (const auto& word : wordsOf(value))
    if (word.value == value) out += word.text;
}
template <class A, class B>
void appendText(std::string& out, const std::pair<A, B>& value, char /*also*/) {
  appendText(out, value.first, '=');
  out += '=';
  appendText(out, value.second, '\0');
}

/// Writes the fields of one record.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  template <Structured T>
  void fields(const T& value);

 private:
  template <class T>
  void scalar(const T& value) {
    out_ += ' ';
    out_ += path_.text();
    out_ += '=';
    appendText(out_, value, '\0');
    out_ += '\n';
  }

  /// `value` at the path, which its reader already has if it equals `known`.
  template <class T>
  void write(const T& value, const T& known);
  template <class T>
  void write(const std::optional<T>& value, const std::optional<T>& known);
  template <class T>
  void write(const config::Shared<T>& value, const config::Shared<T>& /*known*/) {
    if (value.given()) present(*value);
  }
  template <class T>
  void write(const std::vector<T>& value, const std::vector<T>& known);
  template <class T, std::size_t N>
  void write(const std::array<T, N>& value, const std::array<T, N>& known);
  void write(const config::Environment& value, const config::Environment& known) { write(value.list(), known.list()); }

  /// A value that exists, which its reader cannot know.
  template <class T>
  void present(const T& value) {
    if constexpr (kIsScalar<T>) {
      scalar(value);
    } else {
      scalar(true);
      fields(value);
    }
  }
  template <class T>
  void present(const std::shared_ptr<const T>& value) {
    present(*value);
  }

  std::string& out_;
  Path path_;
};

template <Structured T>
void Writer::fields(const T& value) {
  static_assert(isFullyDescribed<T>(), "a member has no description in fields.hpp or *_fields.hpp");
  // Made when a state is first written: in the program's data it would be memory of each supervisord that keeps none.
  // (g++ 12 does not see the use in the lambda.)
  [[maybe_unused]] static const T& kDefault = *new T();
  const auto visit = [this, &value](const char* name, auto member) {
    const Path::Step step(path_, name);
    write(value.*member, kDefault.*member);
  };
  describe(visit, Of<T>());
}

template <class T>
void Writer::write(const T& value, const T& known) {
  if constexpr (kIsScalar<T>) {
    if (value != known) scalar(value);
  } else {
    fields(value);
  }
}

template <class T>
void Writer::write(const std::optional<T>& value, const std::optional<T>& /*known*/) {
  if (value) present(*value);
}

template <class T>
void Writer::write(const std::vector<T>& value, [[maybe_unused]] const std::vector<T>& known) {
  if constexpr (kIsScalar<T>) {
    if (value == known) return;
  } else if (value.empty()) {
    return;
  }
  scalar(value.size());
  char digits[std::numeric_limits<std::size_t>::digits10 + 2];
  for (std::size_t i = 0; i < value.size(); ++i) {
    const Path::Step step(path_, {digits, std::to_chars(digits, digits + sizeof digits, i).ptr});
    present(value[i]);
  }
}

template <class T, std::size_t N>
void Writer::write(const std::array<T, N>& value, const std::array<T, N>& known) {
  static_assert(N <= 10);
  for (std::size_t i = 0; i < N; ++i) {
    const Path::Step step(path_, std::string_view("0123456789").substr(i, 1));
    write(value[i], known[i]);
  }
}

template <class T>
void appendRecord(std::string& out, const T& value) {
  out += headOf(value);
  out += '\n';
  Writer(out).fields(value);
}

}  // namespace

void append(std::string& out, const Daemon& value) { appendRecord(out, value); }
void append(std::string& out, const config::CommandLine& value) { appendRecord(out, value); }
void append(std::string& out, const config::Configuration& value) { appendRecord(out, value); }
void append(std::string& out, const config::GroupConfig& value) { appendRecord(out, value); }
void append(std::string& out, const Program& value) { appendRecord(out, value); }
void append(std::string& out, const SharedSocket& value) { appendRecord(out, value); }
void append(std::string& out, const Events& value) { appendRecord(out, value); }
void append(std::string& out, const Event& value) { appendRecord(out, value); }
void append(std::string& out, const Pool& value) { appendRecord(out, value); }
void append(std::string& out, const Listener& value) { appendRecord(out, value); }
void append(std::string& out, const std::vector<Unsent>& value) { appendRecord(out, UnsentList{value}); }
void append(std::string& out, const Server& value) { appendRecord(out, value); }
void append(std::string& out, const Connection& value) { appendRecord(out, value); }
void append(std::string& out, const Descriptor& value) { appendRecord(out, value); }

void appendConfigured(std::string& out, const config::GroupConfig& group) {
  appendRecord(out, Configured{group.name, group});
}
void appendReread(std::string& out, const config::Configuration& value) { appendRecord(out, Reread{value}); }

void appendGone(std::string& out, std::string_view head) {
  out += "gone ";
  out += head;
  out += '\n';
}

void appendGone(std::string& out, std::string_view type, std::string_view key) {
  std::string head(type);
  if (!key.empty()) head += ' ';
  appendEscaped(head, key);
  appendGone(out, head);
}

std::string encode(const State& state) {
  std::string out(kFirstLine);
  std::size_t records = 0;
  const auto one = [&](const auto& value) {
    appendRecord(out, value);
    ++records;
  };
  const auto each = [&](const auto& values) {
    for (const auto& value : values) one(value);
  };
  one(state.daemon);
  one(state.commandLine);
  one(state.configuration);
  if (state.reread) one(Reread{*state.reread});
  for (const auto& group : state.groups) one(*group);
  const std::set<config::GroupPtr> running(state.groups.begin(), state.groups.end());
  for (const auto& group : state.configured)
    one(running.count(group) > 0 ? Configured{group->name, {}} : Configured{group->name, *group});
  each(state.programs);
  each(state.sharedSockets);
  one(state.events);
  each(state.events.events);
  each(state.events.pools);
  each(state.events.listeners);
  if (!state.unsent.empty()) one(UnsentList{state.unsent});
  each(state.servers);
  each(state.connections);
  each(state.descriptors);
  static_assert(memberCount<State>() == 13, "a member of State is not written");
  out += "end ";
  appendNumber(out, records);
  out += '\n';
  return out;
}

}  // namespace state
