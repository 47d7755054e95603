// SPDX-License-Identifier: MIT
#include <algorithm>
#include <unordered_map>

#include "instance/state/check.hpp"
#include "instance/state/heads.hpp"
#include "instance/state/reader.hpp"
#include "instance/state/text.hpp"
#include "lib/core/text.hpp"

namespace state {

bool Reader::parseText(std::string_view text, std::string& value) {
  auto bytes = unescaped(text);
  if (bytes) value = std::move(*bytes);
  return bytes.has_value();
}

bool Reader::parseText(std::string_view text, core::Instant& value) {
  std::chrono::nanoseconds::rep count = 0;
  if (!parseText(text, count)) return false;
  value = core::Instant(std::chrono::nanoseconds(count));
  return true;
}

void Reader::read(config::Environment& value) {
  const auto* const field = table_.take(path_);
  if (!field) return;
  SharedEnvironments::Raw raw;
  members(*field, [&raw](const FieldTable::Field& member) { raw.push_back(member.value); });
  if (error_) return;
  if (const auto* same = environments_.last(raw)) {
    value = *same;
    return;
  }
  config::Environment::List list;
  for (const auto text : raw)
    if (!parseText(text, list.emplace_back())) return refuse(*field, "variables: one is " + quoted(text));
  const auto disorder =
      std::adjacent_find(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.first >= b.first; });
  if (disorder != list.end()) return refuse(*field, "sorted and different variables");
  value = environments_.share(std::move(raw), std::move(list));
}

void Reader::refuse(const FieldTable::Field& field, const std::string& expected) {
  if (error_) return;
  error_ =
      wrongLine(field.line, "field " + quoted(field.name) + " has " + quoted(field.value) + " instead of " + expected)
          .value;
}

namespace {

/// Far more than there can be of programs, events and connections.
constexpr std::size_t kMostRecords = 1'000'000;

/// The records of a text that count.
class Records {
 public:
  enum class Form { Document, Journal };

  [[nodiscard]] core::Status scan(std::string_view text, Form form);
  [[nodiscard]] const std::vector<std::optional<RawRecord>>& all() const noexcept { return records_; }

 private:
  [[nodiscard]] core::Status add(const RawRecord& record, Form form);
  [[nodiscard]] core::Status end(const RawRecord& record) const;

  std::vector<std::optional<RawRecord>> records_;             ///< nullopt: removed by "gone"
  std::unordered_map<std::string_view, std::size_t> places_;  ///< head -> place in records_
};

core::Status Records::scan(std::string_view text, Form form) {
  Scanner scanner(text);
  if (auto good = scanner.begin(); !good) return good;
  for (;;) {
    const auto record = scanner.next();
    if (!record) return core::Err{record.error()};
    if (!*record) break;
    if ((*record)->type == "end" && form == Form::Document) {
      if (!scanner.atEnd()) return wrongLine((*record)->line + 1, "there is text after the end");
      return end(**record);
    }
    if (auto good = add(**record, form); !good) return good;
  }
  if (form == Form::Journal) return {};
  return core::Err{core::Error{"the state is cut off: its last line is not 'end N'"}};
}

core::Status Records::end(const RawRecord& record) const {
  const auto number = record.head.substr(std::min(record.head.size(), record.type.size() + 1));
  if (core::parseInteger(number) == static_cast<std::int64_t>(records_.size()) && record.body.empty()) return {};
  return wrongLine(record.line, "the text has " + std::to_string(records_.size()) + " records, and " +
                                    quoted(record.head) + " claims others");
}

core::Status Records::add(const RawRecord& record, Form form) {
  if (mustBeUnderstood(record.type)) return writtenByNewer(record.line, record.type);
  if (record.type == "gone" || record.type == "end") {
    if (form == Form::Document || record.type == "end")
      return wrongLine(record.line, quoted(record.head) + " does not belong here");
    const auto found = places_.find(record.head.substr(std::min(record.head.size(), record.type.size() + 1)));
    if (found == places_.end()) return {};  // it was removed before it was written
    records_[found->second].reset();
    places_.erase(found);
    return {};
  }
  const auto [found, isNew] = places_.try_emplace(record.head, records_.size());
  if (!isNew && form == Form::Document)
    return wrongLine(record.line, "record " + quoted(record.head) + " occurs twice");
  if (!isNew) {
    records_[found->second] = record;
    return {};
  }
  if (records_.size() >= kMostRecords) return wrongLine(record.line, "too many records");
  records_.emplace_back(record);
  return {};
}

/// Puts records into a State.
class Builder {
 public:
  [[nodiscard]] core::Status add(const RawRecord& record);
  [[nodiscard]] core::Expected<State> finish();

 private:
  [[nodiscard]] core::Status resolve();
  template <class T, class Put>
  [[nodiscard]] core::Status take(const RawRecord& record, const Put& put) {
    auto value = reader_.read<T>(record);
    if (!value) return core::Err{value.error()};
    if (headOf(*value) != record.head)
      return wrongLine(record.line, "record " + quoted(record.head) + " has the fields of " + quoted(headOf(*value)));
    put(std::move(*value));
    return {};
  }
  template <class T>
  [[nodiscard]] core::Status push(const RawRecord& record, std::vector<T>& list) {
    return take<T>(record, [&list](T value) { list.push_back(std::move(value)); });
  }

  Reader reader_;
  State state_;
  bool hasDaemon_ = false;
  bool hasConfiguration_ = false;
  std::vector<Configured> configured_;
};

core::Status Builder::add(const RawRecord& record) {
  const auto type = record.type;
  if (type == "program") return push(record, state_.programs);
  if (type == "group")
    return take<config::GroupConfig>(record, [this](config::GroupConfig value) {
      state_.groups.push_back(std::make_shared<const config::GroupConfig>(std::move(value)));
    });
  if (type == "socket") return push(record, state_.sharedSockets);
  if (type == "event") return push(record, state_.events.events);
  if (type == "pool") return push(record, state_.events.pools);
  if (type == "listener") return push(record, state_.events.listeners);
  if (type == "unsent")
    return take<UnsentList>(record, [this](UnsentList value) { state_.unsent = std::move(value.list); });
  if (type == "server") return push(record, state_.servers);
  if (type == "connection") return push(record, state_.connections);
  if (type == "descriptor") return push(record, state_.descriptors);
  if (type == "events")
    return take<Events>(record, [this](const Events& value) {
      state_.events.nextSerial = value.nextSerial;
      state_.events.delivered = value.delivered;
      state_.events.ticks = value.ticks;
    });
  if (type == "commandline")
    return take<config::CommandLine>(record,
                                     [this](config::CommandLine value) { state_.commandLine = std::move(value); });
  if (type == "reread")
    return take<Reread>(record, [this](Reread value) { state_.reread = std::move(value.configuration); });
  if (type == "configured")
    return take<Configured>(record, [this](Configured value) { configured_.push_back(std::move(value)); });
  if (type == "daemon") {
    hasDaemon_ = true;
    return take<Daemon>(record, [this](Daemon value) { state_.daemon = std::move(value); });
  }
  if (type == "configuration") {
    hasConfiguration_ = true;
    return take<config::Configuration>(
        record, [this](config::Configuration value) { state_.configuration = std::move(value); });
  }
  return {};  // of a newer supervisord, which does without it
}

/// Makes those of the configured groups that run the same objects as these.
core::Status Builder::resolve() {
  std::unordered_map<std::string_view, config::GroupPtr> running;
  for (const auto& group : state_.groups) running.emplace(group->name, group);
  for (auto& configured : configured_) {
    const auto found = running.find(configured.name);
    if (configured.own)
      state_.configured.push_back(std::make_shared<const config::GroupConfig>(std::move(*configured.own)));
    else if (found != running.end())
      state_.configured.push_back(found->second);
    else
      return core::Err{
          core::Error{"the state refers to group " + quoted(configured.name) + ", which it does not have"}};
  }
  return {};
}

core::Expected<State> Builder::finish() {
  if (!hasDaemon_ || !hasConfiguration_)
    return core::Err{
        core::Error{std::string("the state has no record '") + (hasDaemon_ ? "configuration" : "daemon") + "'"}};
  if (const auto good = resolve(); !good) return core::Err{good.error()};
  if (const auto good = check(state_); !good) return core::Err{good.error()};
  return std::move(state_);
}

core::Expected<State> build(std::string_view text, Records::Form form) {
  Records records;
  if (const auto good = records.scan(text, form); !good) return core::Err{good.error()};
  Builder builder;
  for (const auto& record : records.all())
    if (record)
      if (const auto good = builder.add(*record); !good) return core::Err{good.error()};
  return builder.finish();
}

}  // namespace

core::Expected<State> decode(std::string_view document) {
  auto state = build(document, Records::Form::Document);
  if (state)
    if (const auto good = checkProcesses(*state); !good) return core::Err{good.error()};
  return state;
}

core::Expected<State> replay(std::string_view journal) { return build(journal, Records::Form::Journal); }

}  // namespace state
