// SPDX-License-Identifier: MIT
#include "instance/config/sources.hpp"

#include "instance/config/left_out.hpp"
#include "instance/config/overlay.hpp"
#include "lib/core/files.hpp"
#include "lib/core/text.hpp"
#include "lib/dialect/programs.hpp"
#include "lib/dialect/section_reader.hpp"

namespace config {
namespace {

constexpr std::size_t kLargestFile = 64 * 1024 * 1024;
constexpr std::string_view kHereText = "%(here)s";

/// Whether the directory of a pattern exists and is empty, which is normal until the first program is added.
bool isEmpty(const std::string& pattern) {
  const auto directory = core::directoryOf(pattern);
  return core::isDirectory(directory) && core::matchingPaths(directory + "/*").empty();
}

core::Expected<core::IniDocument> readFile(const CommandLine& line, const std::string& file) {
  if (line.overlay)
    if (const auto at = line.overlay->files.find(file); at != line.overlay->files.end() && at->second)
      return core::IniDocument::parse(*at->second, file);
  return core::IniDocument::read(file, kLargestFile);
}

/// A reread without a file that was readable before would stop the programs of that file. So only a start continues
/// without it, as Supervisor does. A directory never contained programs.
bool mayBeSkipped(const core::Error& error, Unreadable unreadable) {
  return error.code != 0 && (unreadable == Unreadable::Skipped || error.code == EISDIR);
}

class Sources {
 public:
  Sources(const CommandLine& line, Unreadable unreadable, core::IniDocument& document, std::vector<Message>& messages)
      : line_(line), unreadable_(unreadable), document_(document), messages_(messages) {}

  core::Status include(const std::string& file, const std::string& base) {
    messages_.push_back({logging::Level::Info, "Included extra file \"" + file + "\" during parsing"});
    auto extra = readFile(line_, file);
    if (!extra) {
      auto error = std::move(extra).error();
      if (mayBeSkipped(error, unreadable_)) {
        messages_.push_back({logging::Level::Warn, "Included file skipped: " + error.text});
        return {};
      }
      if (error.code != 0)
        error = core::Error{"Included file: " + error.text + ". Make it readable, or remove it from the include"};
      return core::Err{std::move(error)};
    }
    const auto here = core::absolutePath(core::directoryOf(file), base);
    extra->substitute(kHereText, here);
    document_.merge(*extra);
    for (const auto& entry : document_.defaults().entries())
      if (entry.value.find(kHereText) != std::string::npos) {
        document_.substitute(kHereText, here);
        break;
      }
    return {};
  }

  std::vector<std::string> matchesOf(const std::string& pattern) {
    auto found = core::matchingPaths(pattern);
    if (line_.overlay) line_.overlay->adjust(pattern, found);
    if (found.empty())
      messages_.push_back({logging::Level::Warn, "No file matches via include \"" + pattern + "\"", isEmpty(pattern)});
    return found;
  }

 private:
  const CommandLine& line_;
  Unreadable unreadable_;
  core::IniDocument& document_;
  std::vector<Message>& messages_;
};

std::string placeOf(const core::IniPlace& place) {
  return (place.file ? *place.file : "?") + ", line " + std::to_string(place.line);
}

/// Sections with the same name are merged, and the last value of a key counts. So a copied file with an unchanged
/// section name silently changes a program.
void warnOfRepeats(const core::IniDocument& document, std::vector<Message>& messages) {
  for (const auto& section : document.sections()) {
    const auto kind = kindOf(section.name());
    if (!isProgram(kind) && kind != SectionKind::Group && kind != SectionKind::ProgramDefaults) continue;
    for (const auto& again : section.repeats())
      if (placeOf(again) != placeOf(section.place()))  // a file that includes itself is not a repetition
        messages.push_back({logging::Level::Warn, "[" + section.name() + "] is defined a second time (" +
                                                      placeOf(again) +
                                                      "): its keys replace those of the first definition (" +
                                                      placeOf(section.place()) + ")"});
  }
}

}  // namespace

core::Expected<std::vector<std::string>> includePatterns(const core::IniDocument& document, const std::string& here,
                                                         const core::Names& environment) {
  std::vector<std::string> patterns;
  const auto* section = document.find("include");
  if (!section) return patterns;
  SectionReader in(document, *section, SectionKind::Include);
  if (!in.has("files")) in.fail(".ini file has [include] section, but no files setting");
  core::Names names(&environment);
  names.set("here", here);
  names.set("host_node_name", core::hostName());
  const auto files = in.expanded("files", in.raw("files").value_or(""), names, "include.files");
  if (!in.ok()) return in.error();
  for (const auto& piece : core::splitBlanks(files))
    patterns.push_back(piece.starts_with('/') ? piece : here == "/" ? "/" + piece : here + "/" + piece);
  return patterns;
}

core::Expected<core::IniDocument> readSources(const CommandLine& line, Unreadable unreadable,
                                              const core::Names& environment, std::vector<Message>& messages) {
  const bool overlaid = line.overlay && line.overlay->files.count(line.file) > 0;
  if (!overlaid && !core::exists(line.file))
    return core::Err{core::Error{"could not find config file " + line.fileAsTyped}};
  auto document = readFile(line, line.file);
  if (!document) {
    auto error = std::move(document).error();
    if (error.code != 0) error.text = "could not read config file " + line.fileAsTyped + " (" + error.text + ")";
    return core::Err{std::move(error)};
  }
  if (document->find("include")) {
    const auto here = core::directoryOf(line.file);
    document->substitute(kHereText, here);
    const auto patterns = includePatterns(*document, here, environment);
    if (!patterns) return core::Err{patterns.error()};
    Sources sources(line, unreadable, *document, messages);
    std::vector<std::string> read{line.file};
    for (const auto& pattern : *patterns) {
      const auto found = sources.matchesOf(pattern);
      read.insert(read.end(), found.begin(), found.end());
      for (const auto& file : found)
        if (auto status = sources.include(file, here); !status) return core::Err{std::move(status).error()};
    }
    noteLeftOut(*patterns, read, messages);
  }
  warnOfRepeats(*document, messages);
  return document;
}

}  // namespace config
