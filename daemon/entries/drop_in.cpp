// SPDX-License-Identifier: MIT
#include "daemon/entries/drop_in.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <list>
#include <string_view>

#include "lib/core/ini_reader.hpp"
#include "lib/core/text.hpp"

namespace entries {
namespace {

using Line = core::IniLine;
using Kind = core::IniLine::Kind;

/// A text as the reader sees it, with lines of ours among its own.
class Editor {
 public:
  /// Nothing, if the reader refuses the text: then nobody knows what is in force.
  static std::optional<Editor> of(std::string_view text) {
    auto lines = core::scanIni(text, "");
    if (!lines) return std::nullopt;
    return Editor(std::move(*lines), text.starts_with(kMark));
  }

  /// The first section of that name from `from` on: where its header is, or the number of lines.
  [[nodiscard]] std::size_t find(const std::string& section, std::size_t from = 0) const {
    while (from < lines_.size() && !(isHeader(from) && lines_[from].name == section)) ++from;
    return from;
  }
  [[nodiscard]] std::size_t size() const { return lines_.size(); }

  void edit(std::size_t header, const std::string& key, const std::optional<std::string>& value) {
    auto place = take(header, key);
    if (!value) return;
    if (!place) place = placeForNew(header);
    insert(place->at, place->indent + key + " = " + *value, place->end);
  }

  /// The comments above the header are about the section and go with it; those above the next header stay.
  void removeSection(std::size_t header) {
    auto begin = header, end = endOf(header);
    while (begin > 0 && lines_[begin - 1].kind == Kind::Comment) --begin;
    if (end < lines_.size()) {
      // An indented header is a header only after a value that is indented as well, which may be removed now.
      lines_[end].text.remove_prefix(lines_[end].indent);
      lines_[end].indent = 0;
      while (lines_[end - 1].kind == Kind::Comment) --end;
    }
    erase(begin, end);
  }

  [[nodiscard]] bool saysNothing() const {
    return std::all_of(lines_.begin(), lines_.end(),
                       [](const auto& line) { return line.kind == Kind::Blank || line.kind == Kind::Comment; });
  }

  [[nodiscard]] std::string text() const {
    std::string out(mark_ ? kMark : std::string_view());
    for (const auto& line : lines_) {
      out += line.text;
      out += line.end;
    }
    return out;
  }

 private:
  static constexpr std::string_view kMark = "\xEF\xBB\xBF";  // of the byte order

  /// Where a line of ours goes, and how it begins and ends to be read as one of those around it.
  struct Place {
    std::size_t at = 0;
    std::string indent;
    std::string_view end;
  };

  Editor(std::vector<Line> lines, bool mark) : lines_(std::move(lines)), mark_(mark) {}

  [[nodiscard]] bool isHeader(std::size_t at) const { return lines_[at].kind == Kind::Section; }
  [[nodiscard]] std::size_t endOf(std::size_t header) const {
    auto end = header + 1;
    while (end < lines_.size() && !isHeader(end)) ++end;
    return end;
  }
  [[nodiscard]] static Place at(std::size_t place, const Line& like) {
    return {place, std::string(like.text.substr(0, like.indent)), like.end};
  }

  /// Removes every line that gives `key` a value. Comments stay, those after a value on lines of their own. Returns
  /// where the first line was, or nothing.
  std::optional<Place> take(std::size_t header, const std::string& key) {
    std::optional<Place> place;
    bool taking = false;
    for (auto i = header + 1; i < lines_.size() && !isHeader(i);) {
      const auto line = lines_[i];
      if (line.kind == Kind::Entry) taking = line.name == key;
      if (!taking || line.kind == Kind::Comment || line.kind == Kind::Blank) {
        ++i;
        continue;
      }
      erase(i, i + 1);
      if (line.comment != std::string_view::npos)
        insert(i++, std::string(line.text.substr(line.comment)), line.end, Kind::Comment);
      if (!place) place = at(i, line);
    }
    return place;
  }

  /// After the last line of the section that has a key or value, indented as the last key (or, where there is none, as
  /// the next header): so neither it nor what follows continues a value.
  [[nodiscard]] Place placeForNew(std::size_t header) const {
    auto last = header;
    std::optional<std::size_t> entry;
    const auto end = endOf(header);
    for (auto i = header + 1; i < end; ++i) {
      if (lines_[i].kind == Kind::Entry) entry = i;
      if (lines_[i].kind == Kind::Entry || lines_[i].kind == Kind::Continuation) last = i;
    }
    auto place = at(last + 1, lines_[entry ? *entry : end < lines_.size() ? end : header]);
    place.end = lines_[last].end;
    return place;
  }

  void insert(std::size_t at, std::string text, std::string_view end, Kind kind = Kind::Entry) {
    if (end.empty()) end = "\n";
    if (at > 0 && lines_[at - 1].end.empty()) lines_[at - 1].end = end;
    own_.push_back(std::move(text));
    lines_.insert(iteratorAt(at), Line{kind, {}, 0, Line().comment, own_.back(), end});
  }
  void erase(std::size_t begin, std::size_t end) { lines_.erase(iteratorAt(begin), iteratorAt(end)); }
  std::vector<Line>::iterator iteratorAt(std::size_t at) { return lines_.begin() + static_cast<std::ptrdiff_t>(at); }

  std::vector<Line> lines_;
  std::list<std::string> own_;  // what our lines point to
  bool mark_;
};

}  // namespace

std::string newDropIn(const std::string& name, const Edits& keys) {
  std::string out = "; Written by supervisor-manager. You may edit it; then run: supervisor-manager reload\n";
  out += fmt::format("[supervisor:{}]\n", name);
  for (const auto& [key, value] : keys)
    if (value) out += fmt::format("{} = {}\n", key, *value);
  return out;
}

std::optional<std::string> editSection(const std::string& text, const std::string& section, const Edits& keys) {
  auto editor = Editor::of(text);
  if (!editor) return std::nullopt;
  const auto header = editor->find(section);
  if (header == editor->size()) return std::nullopt;
  for (const auto& [key, value] : keys) editor->edit(header, core::lower(key), value);
  return editor->text();
}

std::optional<std::string> removeSection(const std::string& text, const std::string& section) {
  auto editor = Editor::of(text);
  if (!editor) return std::nullopt;
  auto header = editor->find(section);
  if (header == editor->size()) return std::nullopt;
  // Sections after the first of a name had no effect; without the first, they would.
  for (; header < editor->size(); header = editor->find(section)) editor->removeSection(header);
  return editor->text();
}

bool saysNothing(const std::string& text) {
  const auto editor = Editor::of(text);
  return editor && editor->saysNothing();
}

bool isPlainValue(const std::string& value) {
  if (value.empty() || core::isBlank(value.front()) || core::isBlank(value.back())) return false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto c = static_cast<unsigned char>(value[i]);
    if (c < 0x20 || c == 0x7f) return false;
    if ((c == ';' || c == '#') && (i == 0 || core::isBlank(value[i - 1]))) return false;
  }
  return core::isUtf8(value);
}

}  // namespace entries
