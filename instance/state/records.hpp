// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/result.hpp"

/// The lines of the state's text: records, fields and escapes. What they mean is in fields.hpp.
namespace state {

/// Appends `bytes` so that they have no line end and no other control byte. `also`, a printable character, is escaped
/// as well: the separator of a value of two parts.
void appendEscaped(std::string& out, std::string_view bytes, char also = '\0');
/// nullopt: `text` has a control byte or an unknown escape.
[[nodiscard]] std::optional<std::string> unescaped(std::string_view text);

/// A text from a state as messages have it: quoted, safe on a terminal, cut if it is long.
[[nodiscard]] std::string quoted(std::string_view text);

/// A record as it is in the text, which must outlive it.
struct RawRecord {
  std::string_view type;
  std::string_view head;  ///< the first line
  std::string_view body;  ///< the lines of the fields, each with its end
  std::size_t line = 0;   ///< number of the first line in the text, from 1
};

/// Splits a text into its records.
class Scanner {
 public:
  explicit Scanner(std::string_view text) noexcept : rest_(text) {}
  /// Reads the first line: whether this program understands the format.
  [[nodiscard]] core::Status begin();
  /// The next record; nullopt at the end.
  [[nodiscard]] core::Expected<std::optional<RawRecord>> next();
  /// Whether nothing is left.
  [[nodiscard]] bool atEnd() const noexcept { return rest_.empty(); }

 private:
  /// nullopt: the text ends within the line.
  [[nodiscard]] std::optional<std::string_view> takeLine() noexcept;
  [[nodiscard]] core::Err<core::Error> cutOff() const;

  std::string_view rest_;
  std::size_t line_ = 0;  ///< lines taken
};

inline constexpr std::uint64_t kEmptyHash = 0xcbf29ce484222325ULL;
/// The hash (FNV-1a) of a text and one more character.
[[nodiscard]] constexpr std::uint64_t hashed(std::uint64_t hash, char c) noexcept {
  return (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
}

/// The dotted name of the field that is being written or read: "processes.0.name".
class Path {
 public:
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] std::uint64_t hash() const noexcept { return hash_; }

  /// A further part, while it lives.
  class Step {
   public:
    Step(Path& path, std::string_view name) : path_(path), size_(path.text_.size()), hash_(path.hash_) {
      if (size_ > 0) path_.add(".");
      path_.add(name);
    }
    ~Step() {
      path_.text_.resize(size_);
      path_.hash_ = hash_;
    }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    Path& path_;
    std::size_t size_;
    std::uint64_t hash_;
  };

 private:
  void add(std::string_view name) {
    text_ += name;
    for (const char c : name) hash_ = hashed(hash_, c);
  }

  std::string text_;
  std::uint64_t hash_ = kEmptyHash;
};

/// The fields of one record, found by name in any order. One object reads many records, without new memory for each.
class FieldTable {
 public:
  struct Field {
    std::string_view name;
    std::string_view value;  ///< escaped
    std::size_t line = 0;
    std::uint64_t hash = 0;
    bool taken = false;
  };

  /// Refuses other lines than fields, and names that occur twice.
  [[nodiscard]] core::Status read(const RawRecord& record);
  /// Null: the record has no such field.
  [[nodiscard]] const Field* take(const Path& path) noexcept;
  /// A field that was not taken although it must be understood, or null.
  [[nodiscard]] const Field* misunderstood() const noexcept;

 private:
  /// The slot that has the name, or where it belongs; null: too many others are there.
  [[nodiscard]] std::uint32_t* slotOf(std::string_view name, std::uint64_t hash) noexcept;
  [[nodiscard]] core::Status index();

  std::vector<Field> fields_;
  std::vector<std::uint32_t> slots_;  ///< an open hash table of places in fields_, plus 1; 0: free
  std::size_t next_ = 0;              ///< behind the last one taken: most are read in the order of the text
};

/// Whether a part of this dotted name begins with '!': a reader that does not know it must refuse it.
[[nodiscard]] bool mustBeUnderstood(std::string_view name) noexcept;

/// The refusal of what a newer program added and this one must not ignore.
[[nodiscard]] core::Err<core::Error> writtenByNewer(std::size_t line, std::string_view what);
/// "line N of the state: TEXT".
[[nodiscard]] core::Err<core::Error> wrongLine(std::size_t line, const std::string& text);

}  // namespace state
