// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <limits>
#include <map>
#include <string>
#include <string_view>

#include "instance/state/kinds.hpp"
#include "instance/state/records.hpp"
#include "lib/core/result.hpp"

namespace state {

/// Equal environments of one state share one list, as they do in a configuration.
class SharedEnvironments {
 public:
  /// The escaped fields of an environment: equal ones mostly follow each other.
  using Raw = std::vector<std::string_view>;

  /// The environment that was last shared, if these are its fields; else null.
  [[nodiscard]] const config::Environment* last(const Raw& raw) const { return raw == raw_ ? &last_ : nullptr; }
  [[nodiscard]] const config::Environment& share(Raw raw, config::Environment::List list) {
    raw_ = std::move(raw);
    last_ = known_.try_emplace(list, list).first->second;
    return last_;
  }

 private:
  Raw raw_;
  config::Environment last_;
  std::map<config::Environment::List, config::Environment> known_;
};

/// Reads one record after the other into values. The first mistake ends the record.
class Reader {
 public:
  template <Structured T>
  [[nodiscard]] core::Expected<T> read(const RawRecord& record) {
    if (const auto good = table_.read(record); !good) return core::Err{good.error()};
    error_.reset();
    T value{};
    fields(value);
    if (!error_)
      if (const auto* field = table_.misunderstood()) return writtenByNewer(field->line, field->name);
    if (error_) return core::Err{*error_};
    return value;
  }

 private:
  template <Structured T>
  void fields(T& value) {
    const auto visit = [this, &value](const char* name, auto member) {
      if (error_) return;
      const Path::Step step(path_, name);
      read(value.*member);
    };
    describe(visit, Of<T>());
  }

  // The value at the path. Without a field it stays as it is.
  template <class T>
  void read(T& value) {
    if constexpr (kIsScalar<T>) {
      if (const auto* field = table_.take(path_)) parse(*field, value);
    } else {
      fields(value);
    }
  }
  template <class T>
  void read(std::optional<T>& value) {
    if (const auto* field = table_.take(path_)) present(*field, value.emplace());
  }
  template <class T>
  void read(config::Shared<T>& value) {
    const auto* const field = table_.take(path_);
    if (!field) return;
    T own{};
    present(*field, own);
    value = config::Shared<T>(std::move(own));
  }
  template <class T>
  void read(std::vector<T>& value);
  template <class T, std::size_t N>
  void read(std::array<T, N>& value);
  void read(config::Environment& value);
  /// Calls `take` with the field of each member of a list.
  template <class Take>
  void members(const FieldTable::Field& list, const Take& take);

  /// A value whose field was found.
  template <class T>
  void present(const FieldTable::Field& field, T& value) {
    if constexpr (kIsScalar<T>) {
      parse(field, value);
    } else {
      bool marked = false;
      parse(field, marked);
      if (!error_ && !marked) refuse(field, "yes");
      fields(value);
    }
  }
  template <class T>
  void present(const FieldTable::Field& field, std::shared_ptr<const T>& value) {
    auto made = std::make_shared<T>();
    present(field, *made);
    value = std::move(made);
  }

  // The text of a field, or of a part of one.
  template <class T>
  void parse(const FieldTable::Field& field, T& value) {
    if (!parseText(field.value, value)) refuse(field, expected<T>());
  }
  static bool parseText(std::string_view text, bool& value) {
    value = text == "yes";
    return value || text == "no";
  }
  template <Number T>
  static bool parseText(std::string_view text, T& value) {
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    return failure == std::errc() && end == text.data() + text.size();
  }
  static bool parseText(std::string_view text, std::string& value);
  static bool parseText(std::string_view text, core::Instant& value);
  static bool parseText(std::string_view text, core::milliseconds& value) {
    std::int64_t count = 0;
    const bool good = parseText(text, count);
    value = core::milliseconds(count);
    return good;
  }
  template <Worded T>
  static bool parseText(std::string_view text, T& value) {
    for (const auto& word : wordsOf(T{})) {
      if (word.text != text) continue;
      value = word.value;
      return true;
    }
    return false;
  }
  template <class A, class B>
  static bool parseText(std::string_view text, std::pair<A, B>& value) {
    const auto equals = text.find('=');
    return equals != std::string_view::npos && parseText(text.substr(0, equals), value.first) &&
           parseText(text.substr(equals + 1), value.second);
  }

  /// What a field of this type has, for messages.
  template <class T>
  static std::string expected() {
    if constexpr (std::is_same_v<T, bool>) return "yes or no";
    if constexpr (Worded<T>) return "a word that this supervisord knows";
    if constexpr (std::is_same_v<T, std::string>) return "a text with valid escapes";
    if constexpr (std::is_same_v<T, core::Instant>) return "an instant in nanoseconds";
    if constexpr (std::is_same_v<T, core::milliseconds>) return "a duration in milliseconds";
    if constexpr (Number<T>)
      return "a number from " + std::to_string(std::numeric_limits<T>::min()) + " to " +
             std::to_string(std::numeric_limits<T>::max());
    return "NAME=VALUE";
  }
  void refuse(const FieldTable::Field& field, const std::string& expected);

  FieldTable table_;
  SharedEnvironments environments_;
  Path path_;
  std::optional<core::Error> error_;
};

template <class Take>
void Reader::members(const FieldTable::Field& list, const Take& take) {
  std::size_t size = 0;
  parse(list, size);
  char digits[std::numeric_limits<std::size_t>::digits10 + 2];
  // It ends with the fields that exist, whatever size is claimed.
  for (std::size_t i = 0; i < size && !error_; ++i) {
    const Path::Step step(path_, {digits, std::to_chars(digits, digits + sizeof digits, i).ptr});
    const auto* const member = table_.take(path_);
    if (!member) return refuse(list, "the number of its members: " + quoted(path_.text()) + " does not exist");
    take(*member);
  }
}

template <class T>
void Reader::read(std::vector<T>& value) {
  const auto* const field = table_.take(path_);
  if (!field) return;
  value.clear();
  members(*field, [&](const FieldTable::Field& member) { present(member, value.emplace_back()); });
}

template <class T, std::size_t N>
void Reader::read(std::array<T, N>& value) {
  static_assert(N <= 10);
  for (std::size_t i = 0; i < N && !error_; ++i) {
    const Path::Step step(path_, std::string_view("0123456789").substr(i, 1));
    read(value[i]);
  }
}

}  // namespace state
