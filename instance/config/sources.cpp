// SPDX-License-Identifier: MIT
#include "instance/config/sources.hpp"

#include <glob.h>

#include "lib/core/files.hpp"
#include "lib/core/text.hpp"
#include "lib/dialect/programs.hpp"
#include "lib/dialect/section_reader.hpp"

namespace config {
namespace {

constexpr std::size_t largestFile = 64 * 1024 * 1024;
constexpr std::string_view hereText = "%(here)s";

/// The paths that match, sorted by code point.
std::vector<std::string> matching(const std::string& pattern) {
  std::vector<std::string> out;
  glob_t found{};
  if (::glob(pattern.c_str(), GLOB_NOESCAPE, nullptr, &found) == 0)
    for (std::size_t i = 0; i < found.gl_pathc; i++) out.emplace_back(found.gl_pathv[i]);
  ::globfree(&found);
  return out;
}

/// A file that cannot be read is skipped, as Supervisor does, but not without a word.
core::Status include(core::IniDocument& document, const std::string& file, const std::string& base,
                     std::vector<Message>& messages) {
  messages.push_back({logging::Level::Info, "Included extra file \"" + file + "\" during parsing"});
  auto extra = core::IniDocument::read(file, largestFile);
  if (!extra) {
    if (extra.error().code == 0) return core::Err{std::move(extra).error()};
    messages.push_back({logging::Level::Warn, "Included file skipped: " + extra.error().text});
    return {};
  }
  const auto here = core::absolutePath(core::directoryOf(file), base);
  extra->substitute(hereText, here);
  document.merge(*extra);
  for (const auto& entry : document.defaults().entries())
    if (entry.value.find(hereText) != std::string::npos) {
      document.substitute(hereText, here);
      break;
    }
  return {};
}

}  // namespace

core::Expected<core::IniDocument> readSources(const CommandLine& line, const core::Names& environment,
                                              std::vector<Message>& messages) {
  if (!core::exists(line.file)) return core::Err{core::Error{"could not find config file " + line.fileAsTyped}};
  auto document = core::IniDocument::read(line.file, largestFile);
  if (!document) {
    auto error = std::move(document).error();
    if (error.code != 0) error.text = "could not read config file " + line.fileAsTyped + " (" + error.text + ")";
    return core::Err{std::move(error)};
  }
  if (!document->find("include")) return document;

  const auto here = core::directoryOf(line.file);
  document->substitute(hereText, here);
  SectionReader in(*document, *document->find("include"), SectionKind::Include);
  if (!in.has("files")) in.fail(".ini file has [include] section, but no files setting");
  core::Names names(&environment);
  names.set("here", here);
  names.set("host_node_name", hostNodeName());
  const auto files = in.expanded("files", in.raw("files").value_or(""), names, "include.files");
  if (!in.ok()) return in.error();
  for (const auto& piece : core::splitBlanks(files)) {
    const auto pattern = piece.starts_with('/') ? piece : here == "/" ? "/" + piece : here + "/" + piece;
    const auto found = matching(pattern);
    if (found.empty()) messages.push_back({logging::Level::Warn, "No file matches via include \"" + pattern + "\""});
    for (const auto& file : found)
      if (auto status = include(*document, file, here, messages); !status) return core::Err{std::move(status).error()};
  }
  return document;
}

}  // namespace config
