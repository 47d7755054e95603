// SPDX-License-Identifier: MIT
#include "instance/state/records.hpp"

#include <algorithm>
#include <bit>

#include "instance/state/text.hpp"
#include "lib/core/terminal_text.hpp"
#include "lib/core/text.hpp"

namespace state {
namespace {

constexpr std::string_view kFormat = "supervisord-state ";
constexpr std::string_view kMajor = "1";
/// Far more than ours have: names and depths beyond are not from a supervisord.
constexpr std::size_t kLongestName = 256;
constexpr std::size_t kDeepest = 16;
constexpr std::size_t kLongestHead = 64 * 1024;
/// In a table that is half full the longest search is a tenth of this, unless somebody chose the names.
constexpr std::size_t kMostProbes = 512;

bool isControl(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

int hexDigit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

constexpr bool isNameCharacter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == '-' || c == '!';
}

/// What the beginning of a line has: the longest part of it that is a name.
struct Name {
  std::size_t length = 0;
  std::size_t dots = 0;
  std::uint64_t hash = kEmptyHash;
};

Name nameAt(std::string_view line) noexcept {
  Name name;
  for (const char c : line.substr(0, kLongestName + 1)) {
    if (!isNameCharacter(c)) break;
    ++name.length;
    if (c == '.') ++name.dots;
    name.hash = hashed(name.hash, c);
  }
  return name;
}

bool isName(std::string_view name) noexcept {
  return !name.empty() && name.size() <= kLongestName && nameAt(name).length == name.size();
}

}  // namespace

void appendEscaped(std::string& out, std::string_view bytes, char also) {
  constexpr char digits[] = "0123456789abcdef";
  for (;;) {
    const auto end =
        std::find_if(bytes.begin(), bytes.end(), [also](char c) { return c == '\\' || c == also || isControl(c); });
    out.append(bytes.begin(), end);
    if (end == bytes.end()) return;
    const auto c = static_cast<unsigned char>(*end);
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += "\\x";
      out += digits[c >> 4];
      out += digits[c & 15];
    }
    bytes.remove_prefix(static_cast<std::size_t>(end - bytes.begin()) + 1);
  }
}

std::optional<std::string> unescaped(std::string_view text) {
  std::string out;
  for (;;) {
    const auto end = std::find_if(text.begin(), text.end(), [](char c) { return c == '\\' || isControl(c); });
    out.append(text.begin(), end);
    if (end == text.end()) return out;
    text.remove_prefix(static_cast<std::size_t>(end - text.begin()));
    if (text.starts_with("\\\\")) {
      out += '\\';
      text.remove_prefix(2);
    } else if (text.starts_with("\\n")) {
      out += '\n';
      text.remove_prefix(2);
    } else {
      if (!text.starts_with("\\x") || text.size() < 4) return std::nullopt;
      const int high = hexDigit(text[2]), low = hexDigit(text[3]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      text.remove_prefix(4);
    }
  }
}

std::string quoted(std::string_view text) {
  constexpr std::size_t longest = 80;
  const bool cut = text.size() > longest;
  return "'" + core::printable(text.substr(0, longest)) + (cut ? "…'" : "'");
}

core::Err<core::Error> wrongLine(std::size_t line, const std::string& text) {
  return core::Err{core::Error{"line " + std::to_string(line) + " of the state: " + text}};
}

core::Err<core::Error> writtenByNewer(std::size_t line, std::string_view what) {
  return core::Err{core::Error{"the state was written by a newer supervisord: it has " + quoted(what) + " (line " +
                               std::to_string(line) + "), which this one does not know"}};
}

bool mustBeUnderstood(std::string_view name) noexcept {
  return name.starts_with('!') || name.find(".!") != std::string_view::npos;
}

std::optional<std::string_view> Scanner::takeLine() noexcept {
  const auto end = rest_.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const auto line = rest_.substr(0, end);
  rest_.remove_prefix(end + 1);
  ++line_;
  return line;
}

core::Err<core::Error> Scanner::cutOff() const {
  return wrongLine(line_ + 1, "the text is cut off: the line has no end");
}

core::Status Scanner::begin() {
  if (!rest_.starts_with(kFormat))
    return core::Err{core::Error{"this is not the state of a supervisord: the first line is not '" +
                                 std::string(kFirstLine.substr(0, kFirstLine.size() - 1)) + "'"}};
  auto line = takeLine();
  if (!line) return cutOff();
  line->remove_prefix(kFormat.size());
  const auto major = line->substr(0, line->find('.'));
  if (major == kMajor) return {};
  return core::Err{core::Error{"the state has format " + quoted(*line) + ", and this supervisord understands format " +
                               std::string(kMajor)}};
}

core::Expected<std::optional<RawRecord>> Scanner::next() {
  if (rest_.empty()) return std::optional<RawRecord>();
  const auto head = takeLine();
  if (!head) return cutOff();
  RawRecord record{head->substr(0, head->find(' ')), *head, {}, line_};
  if (head->starts_with(' ')) return wrongLine(line_, "a field without a record");
  if (!isName(record.type)) return wrongLine(line_, quoted(*head) + " does not begin a record");
  if (head->size() > kLongestHead) return wrongLine(line_, "the key is too long: " + quoted(*head));
  const char* const begin = rest_.data();
  while (rest_.starts_with(' '))
    if (!takeLine()) return cutOff();
  record.body = {begin, static_cast<std::size_t>(rest_.data() - begin)};
  return std::optional(record);
}

core::Status FieldTable::read(const RawRecord& record) {
  fields_.clear();
  next_ = 0;
  std::size_t number = record.line;
  for (auto rest = record.body; !rest.empty();) {
    const auto end = rest.find('\n');
    auto line = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    ++number;
    const auto [length, dots, hash] = nameAt(line);
    const auto name = line.substr(0, length);
    if (length == 0 || length > kLongestName || length == line.size() || line[length] != '=')
      return wrongLine(number, quoted(line) + " is not a field: NAME=VALUE");
    if (dots > kDeepest) return wrongLine(number, "field " + quoted(name) + " is too deep");
    fields_.push_back({name, line.substr(length + 1), number, hash, false});
  }
  return index();
}

core::Status FieldTable::index() {
  slots_.assign(std::bit_ceil(fields_.size() * 2 + 1), 0);
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    std::uint32_t* const slot = slotOf(fields_[i].name, fields_[i].hash);
    if (!slot) return wrongLine(fields_[i].line, "the names of the record's fields are made to collide");
    if (*slot != 0) return wrongLine(fields_[i].line, "field " + quoted(fields_[i].name) + " occurs twice");
    *slot = static_cast<std::uint32_t>(i + 1);
  }
  return {};
}

std::uint32_t* FieldTable::slotOf(std::string_view name, std::uint64_t hash) noexcept {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t probe = 0; probe < kMostProbes; ++probe) {
    std::uint32_t& slot = slots_[(hash + (hash >> 32) + probe) & mask];
    if (slot == 0) return &slot;
    const Field& field = fields_[slot - 1];
    if (field.hash == hash && field.name == name) return &slot;
  }
  return nullptr;
}

const FieldTable::Field* FieldTable::take(const Path& path) noexcept {
  if (next_ >= fields_.size() || fields_[next_].hash != path.hash() || fields_[next_].name != path.text()) {
    const std::uint32_t* const slot = slotOf(path.text(), path.hash());
    if (!slot || *slot == 0) return nullptr;
    next_ = *slot - 1;
  }
  fields_[next_].taken = true;
  return &fields_[next_++];
}

const FieldTable::Field* FieldTable::misunderstood() const noexcept {
  const auto found = std::find_if(fields_.begin(), fields_.end(),
                                  [](const Field& field) { return !field.taken && mustBeUnderstood(field.name); });
  return found == fields_.end() ? nullptr : &*found;
}

}  // namespace state
