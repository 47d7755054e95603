// SPDX-License-Identifier: MIT
#include "ctl/deploy/language/kinds.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ctl/deploy/language/table.hpp"
#include "daemon/entries/values.hpp"
#include "lib/core/shell_words.hpp"
#include "lib/core/text.hpp"
#include "lib/dialect/values.hpp"

namespace deploy {
namespace {

core::Err<std::string> bad(std::string reason) { return core::Err{std::move(reason)}; }

bool isAlnum(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool hasControlCharacter(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return (u < 0x20 && c != '\t') || u == 0x7f;
  });
}

/// A block of one line (with > or |) ends in a line break, which is not part of the value.
std::string_view withoutLastBreak(std::string_view text) noexcept {
  while (text.ends_with('\n')) text.remove_suffix(1);
  return text;
}

Checked readText(const std::string& text, const Attribute&) {
  const auto line = withoutLastBreak(text);
  if (line.find('\n') != std::string_view::npos)
    return bad("has several lines; write it in one, or as a block that starts with >");
  if (hasControlCharacter(line)) return bad("has a control character");
  return Value{std::string(line)};
}

Checked readLines(const std::string& text, const Attribute&) { return Value{text}; }

Checked readNumber(const std::string& text, const Attribute& attribute) {
  auto number = entries::parseNumber(text, attribute.least, attribute.most);
  if (!number) return bad(number.error());
  return Value{*number};
}

Checked readBoolean(const std::string& text, const Attribute&) {
  const auto word = core::lower(text);
  if (word == "yes" || word == "true" || word == "on" || word == "y") return Value{true};
  if (word == "no" || word == "false" || word == "off" || word == "n") return Value{false};
  return bad(fmt::format("'{}' is neither yes nor no", text));
}

Checked readWord(const std::string& text, const Attribute& attribute) {
  if (std::find(attribute.words.begin(), attribute.words.end(), text) != attribute.words.end()) return Value{text};
  return bad(fmt::format("'{}' is not one of {}", text, fmt::join(attribute.words, ", ")));
}

Checked readRestart(const std::string& text, const Attribute& attribute) {
  if (core::lower(text) == "unexpected") return Value{std::string("unexpected")};
  const auto truth = readBoolean(text, attribute);
  if (!truth) return bad(fmt::format("'{}' is not one of true, false, unexpected", text));
  return Value{std::string(*truth == Value{true} ? "true" : "false")};
}

/// Octal digits, or the reason.
core::Result<unsigned, std::string> octal(const std::string& text, unsigned most) {
  if (text.empty() || text.size() > 5 || text.find_first_not_of("01234567") != std::string::npos)
    return bad(fmt::format("'{}' is not an octal number such as \"0{:o}\"", text, most == 0777 ? 022U : 0755U));
  const auto value = static_cast<unsigned>(std::stoul(text, nullptr, 8));
  if (value > most) return bad(fmt::format("'{}' is over 0{:o}", text, most));
  return value;
}

Checked readMode(const std::string& text, const Attribute&) {
  const auto mode = octal(text, 07777);
  if (!mode) return bad(mode.error());
  return Value{fmt::format("{:04o}", *mode)};
}

Checked readMask(const std::string& text, const Attribute&) {
  const auto mask = octal(text, 0777);
  if (!mask) return bad(mask.error());
  return Value{text};
}

Checked readPath(const std::string& text, const Attribute&) {
  if (!text.starts_with('/')) return bad(fmt::format("'{}' is not an absolute path", text));
  if (hasControlCharacter(text)) return bad("has a control character");
  std::string path;
  for (const auto& part : core::split(text, '/')) {
    if (part == "." || part == "..") return bad(fmt::format("'{}' has a '{}' in it", text, part));
    if (!part.empty()) path += '/' + part;
  }
  if (path.empty()) return bad("'/' cannot be used here");
  return Value{std::move(path)};
}

/// A value that the manager reads in an entry.
template <entries::Parsed<std::string> (*Parse)(const std::string&)>
Checked readParsed(const std::string& text, const Attribute&) {
  auto value = Parse(text);
  if (!value) return bad(value.error());
  return Value{std::move(*value)};
}

Checked readLocalPath(const std::string& text, const Attribute&) {
  if (text.empty()) return bad("is empty");
  return Value{text};
}

Checked readFileName(const std::string& text, const Attribute&) {
  if (text.empty() || text == "." || text == ".." || text.find('/') != std::string::npos || hasControlCharacter(text))
    return bad(fmt::format("'{}' is not the name of a file", text));
  return Value{text};
}

bool isWordOf(std::string_view text, std::string_view more, std::size_t longest) noexcept {
  return !text.empty() && text.size() <= longest && text.front() != '-' && text.front() != '.' &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return isAlnum(c) || more.find(c) != std::string_view::npos; });
}

Checked readHostName(const std::string& text, const Attribute&) {
  if (!isWordOf(text, "._-", 253)) return bad(fmt::format("'{}' is not a name: letters, digits, '.', '_', '-'", text));
  return Value{text};
}

bool isAccount(std::string_view text) noexcept {
  if (text.ends_with('$')) text.remove_suffix(1);
  return isWordOf(text, "._-", 31) && text.find_first_not_of("0123456789") != std::string_view::npos;
}

Checked readAccount(const std::string& text, const Attribute&) {
  if (!isAccount(text)) return bad(fmt::format("'{}' is not the name of an account or group", text));
  return Value{text};
}

Checked readAccounts(const std::string& text, const Attribute&) {
  std::vector<std::string> names;
  for (const auto& piece : core::split(text, ',')) {
    const std::string name(core::trim(piece));
    if (!isAccount(name)) return bad(fmt::format("'{}' is not the name of an account or group", name));
    names.push_back(name);
  }
  return Value{core::join(names, ",")};
}

Checked readSudoTargets(const std::string& text, const Attribute& attribute) {
  return text == "ALL" ? Checked(Value{text}) : readAccounts(text, attribute);
}

Checked readCryptHash(const std::string& text, const Attribute&) {
  const bool locked = text == "*" || text == "!" || text == "!!";
  const bool hash = text.size() >= 13 && (text.front() == '$' || text.front() == '_' || text.size() == 13) &&
                    std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f && c != ':'; });
  if (!locked && !hash)
    return bad("is not a hash of crypt(3); use the output of `openssl passwd -6`, or an encrypted variable");
  return Value{text};
}

Checked readInstance(const std::string& text, const Attribute&) {
  if (!entries::isInstanceName(text))
    return bad(fmt::format("'{}' is not a name: 1 to 64 letters, digits, '_', '-', '.'", text));
  return Value{text};
}

Checked readUnit(const std::string& text, const Attribute&) {
  if (text.ends_with(".service")) return bad(fmt::format("'{}' is to be written without .service", text));
  if (!isWordOf(text, ":_.@-", 200)) return bad(fmt::format("'{}' is not the name of a systemd service", text));
  return Value{text};
}

Checked readAction(const std::string& text, const Attribute&) {
  if (!isWordOf(text, "_-", 64)) return bad(fmt::format("'{}' is not an action: letters, digits, '_', '-'", text));
  return Value{text};
}

Checked readVariable(const std::string& text, const Attribute& attribute) {
  const auto equals = text.find('=');
  const auto name = std::string_view(text).substr(0, equals);
  if (equals == std::string::npos || !isWordOf(name, "_", 1000) || (name[0] >= '0' && name[0] <= '9'))
    return bad(fmt::format("'{}' is not a variable such as KEY=value", text));
  return readText(text, attribute);
}

Checked readEnvironment(const std::string& text, const Attribute& attribute) {
  const auto variables = entries::parseEnvironment(text);
  if (!variables) return bad(variables.error());
  return readText(text, attribute);
}

Checked readSize(const std::string& text, const Attribute&) {
  const auto size = config::parseByteSize(text);
  if (!size || *size < 0) return bad(fmt::format("'{}' is not a size such as 10MB, 512KB or 0", text));
  return Value{text};
}

Checked readAmount(const std::string& text, const Attribute&) {
  const auto amount = entries::parseAmount(text);
  if (!amount) return bad(amount.error());
  return Value{text};
}

Checked readCpuMax(const std::string& text, const Attribute&) {
  const auto share = entries::parseCpuMax(text);
  if (!share) return bad(share.error());
  return Value{text};
}

Checked readSignal(const std::string& text, const Attribute&) {
  const auto signal = config::parseSignal(text);
  if (!signal) return bad(fmt::format("'{}' is not a signal such as TERM, HUP or 15", text));
  return Value{text};
}

Checked readPassword(const std::string& text, const Attribute& attribute) {
  return text.empty() ? Checked(bad("is empty")) : readText(text, attribute);
}

/// Whether `text` has one of the schemes and something after it.
Checked readUrl(const std::string& text, std::initializer_list<std::string_view> schemes) {
  if (hasControlCharacter(text)) return bad("has a control character");
  for (const auto scheme : schemes)
    if (text.starts_with(scheme) && text.size() > scheme.size()) return Value{text};
  for (const auto other : {"mvn://", "node://"})
    if (text.starts_with(other)) return bad(fmt::format("the scheme {} is not supported", other));
  return bad(fmt::format("'{}' does not start with {}", text, fmt::join(schemes, ", ")));
}

Checked readSource(const std::string& text, const Attribute&) {
  return readUrl(text, {"file://", "tmpl://", "http://", "https://"});
}

Checked readTreeSource(const std::string& text, const Attribute&) { return readUrl(text, {"file://", "tmpl://"}); }

/// What the tokens are is checked when all hosts are known.
Checked readScope(const std::string& text, const Attribute&) {
  if (core::trim(text).empty()) return bad("is empty; name hosts or host_groups, or write all");
  return Value{text};
}

Checked readValidate(const std::string& text, const Attribute& attribute) {
  if (text.find("%s") == std::string::npos)
    return bad("has no %s; the command gets the path of the new file in its place");
  if (!core::splitWords(text)) return bad("has a quote without an end");
  return readText(text, attribute);
}

}  // namespace

const Kind kText{"text", readText, true};
const Kind kLines{"text", readLines, true};
const Kind kNumber{"number", readNumber};
const Kind kBoolean{"yes or no", readBoolean};
const Kind kWord{"word", readWord};
const Kind kRestart{"true, false or unexpected", readRestart, true};
const Kind kMode{"octal mode", readMode, true};
const Kind kMask{"octal mask", readMask, true};
const Kind kPath{"absolute path", readPath, true};
const Kind kLayout{"absolute path", readParsed<entries::parsePath>, true};
const Kind kLocalPath{"path on the deployer", readLocalPath};
const Kind kFileName{"file name", readFileName, true};
const Kind kHostName{"host name", readHostName};
const Kind kAccount{"account", readAccount, true};
const Kind kAccounts{"accounts, separated by commas", readAccounts, true};
const Kind kSudoTargets{"accounts, separated by commas", readSudoTargets, true};
const Kind kCryptHash{"crypt(3) hash", readCryptHash, true};
const Kind kInstance{"name", readInstance};
const Kind kProgram{"name", readInstance};
const Kind kUnit{"name", readUnit};
const Kind kAction{"name", readAction};
const Kind kVariable{"KEY=value", readVariable, true};
const Kind kEnvironment{"KEY=value,...", readEnvironment, true};
const Kind kSize{"size", readSize, true};
const Kind kAmount{"amount", readAmount, true};
const Kind kCpuMax{"share", readCpuMax, true};
const Kind kSignal{"signal", readSignal, true};
const Kind kEndpoint{"ADDRESS:PORT", readParsed<entries::parseEndpoint>, true};
const Kind kHostNames{"host names", readParsed<entries::parseHostNames>, true};
const Kind kUserName{"text", readParsed<entries::parseUserName>, true};
const Kind kPassword{"password", readPassword, true, true};
const Kind kPageSecret{"password or hash", readParsed<entries::parsePassword>, true, true};
const Kind kSource{"URL", readSource};
const Kind kTreeSource{"URL", readTreeSource};
const Kind kScope{"scope", readScope};
const Kind kNotify{"target", readText};
const Kind kValidate{"command", readValidate, true};

bool isLate(std::string_view text) noexcept { return text.find("{{") != std::string_view::npos; }

}  // namespace deploy
