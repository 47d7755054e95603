// SPDX-License-Identifier: MIT
#include "daemon/entries/source.hpp"

#include <dirent.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <set>

#include "lib/core/files.hpp"
#include "lib/core/ini_reader.hpp"
#include "lib/core/text.hpp"

namespace entries {
namespace {

constexpr std::size_t kFileLimit = 4 * 1024 * 1024;

bool isConfName(const std::string& name) { return name.size() > 5 && name.front() != '.' && name.ends_with(".conf"); }

/// Blanks the sections that repeat an earlier one, keeping line numbers, and complains about each. A text that cannot
/// be read is returned unchanged: the reader reports the error.
std::string withoutRepeated(const std::string& text, const std::string& file, std::vector<Complaint>& repeated) {
  const auto lines = core::scanIni(text, file);
  if (!lines) return text;
  std::set<std::string> seen;
  std::string out;
  bool dropping = false;
  int number = 0;
  for (const auto& line : *lines) {
    ++number;
    if (line.kind == core::IniLine::Kind::Section) {
      dropping = !seen.insert(line.name).second;
      if (dropping) repeated.push_back({file, number, line.name, "", "is declared a second time in this file"});
      // An indented header would continue a value once the lines between them are gone.
      if (!dropping) out += line.text.substr(line.indent);
    } else if (!dropping) {
      out += line.text;
    }
    out += '\n';
  }
  return out;
}

/// The line number in a parser's text ("[line  2]: ..."), or 0.
int lineIn(const std::string& text) {
  const auto at = text.find("[line");
  return at == std::string::npos ? 0 : std::atoi(text.c_str() + at + 5);
}

core::Expected<std::optional<std::string>> textOf(const std::string& path, const Overlay& overlay) {
  if (const auto found = overlay.find(path); found != overlay.end()) return found->second;
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return std::optional<std::string>();
    return core::sysError("cannot be read", errno);
  }
  if (info.st_uid != 0 && info.st_uid != ::geteuid())
    return core::Err{core::Error{fmt::format("belongs to uid {}; change its owner to root", info.st_uid), EPERM}};
  if (info.st_mode & S_IWOTH) return core::Err{core::Error{"may be written by everybody", EPERM}};
  auto text = core::readFile(path, kFileLimit);
  if (!text) return core::Err{core::Error{text.error().text, text.error().code}};
  return std::optional<std::string>(std::move(*text));
}

}  // namespace

std::vector<std::string> confFiles(const std::string& directory, const Overlay& overlay) {
  std::set<std::string> names;
  if (const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(directory.c_str()), ::closedir); dir)
    while (const dirent* item = ::readdir(dir.get()))
      if (isConfName(item->d_name)) names.insert(item->d_name);
  for (const auto& [path, content] : overlay)
    if (content && core::directoryOf(path) == directory) names.insert(path.substr(directory.size() + 1));
  std::vector<std::string> out;
  for (const auto& name : names) out.push_back(directory + '/' + name);
  return out;
}

core::Result<std::optional<Source>, Complaint> readSource(const std::string& path, const Overlay& overlay) {
  auto text = textOf(path, overlay);
  if (!text) return core::Err{Complaint{path, 0, "", "", text.error().text}};
  if (!*text) return std::optional<Source>();
  Source source;
  auto document = core::IniDocument::parse(withoutRepeated(**text, path, source.repeated), path);
  if (!document) {
    const auto& reason = document.error().text;
    return core::Err{Complaint{path, lineIn(reason), "", "", core::replaceAll(reason, "\n", " ")}};
  }
  source.document = std::move(*document);
  return std::optional<Source>(std::move(source));
}

}  // namespace entries
