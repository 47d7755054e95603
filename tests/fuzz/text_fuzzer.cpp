// SPDX-License-Identifier: MIT
// Texts that few bytes of others would reach. The first byte chooses: a file of variables, the answer to a health
// check, programs that depend on each other, or a schedule whose clocks are set.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/text.hpp"
#include "lib/dialect/cron.hpp"
#include "lib/dialect/dependence_check.hpp"
#include "lib/dialect/environment_file.hpp"
#include "lib/dialect/extension.hpp"
#include "lib/dialect/program.hpp"
#include "lib/lifecycle/schedule.hpp"
#include "lib/xmlrpc/chunk_decoder.hpp"
#include "lib/xmlrpc/reply_head.hpp"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

/// Values in double quotes that mean these variables.
std::string written(const config::Environment::List& variables) {
  std::string out;
  for (const auto& [name, value] : variables) {
    out += name + "=\"";
    for (const char c : value) {
      if (std::strchr("\"\\$`", c) != nullptr) out += '\\';
      out += c;
    }
    out += "\"\n";
  }
  return out;
}

void readVariables(std::string_view text) {
  const auto variables = config::parseEnvironmentFile(text);
  if (!variables) return require(variables.error().text.starts_with("line "));
  for (const auto& [name, value] : *variables)
    require(!name.empty() && name.find('=') == std::string::npos && value.find('\0') == std::string::npos);
  const auto ascends = [](const auto& a, const auto& b) { return a.first >= b.first; };
  require(std::adjacent_find(variables->begin(), variables->end(), ascends) == variables->end());
  const auto again = config::parseEnvironmentFile(written(*variables));
  require(again && *again == *variables);
}

/// The head, and the same text as a chunked body, whole and in pieces.
void readAnswer(std::string_view text) {
  if (const auto head = xmlrpc::parseReplyHead(text)) {
    require(head->status >= 100 && head->status <= 999 && head->length.value_or(0) >= 0);
    require(!head->chunked || !head->length);
  }
  const auto content = [text](std::size_t step) {
    xmlrpc::ChunkDecoder decoder;
    std::string out;
    bool good = true;
    for (std::size_t at = 0; at < text.size() && good; at += step)
      good = decoder.feed(text.substr(at, step), [&out](std::string_view bytes) { out += bytes; });
    return std::pair(out, good && decoder.finished());
  };
  const auto whole = content(text.size() + 1);
  const auto pieces = content(3);
  // What is wrong ends the reading, which may be later in a piece.
  if (whole.second || pieces.second) require(whole == pieces);
}

/// Every line is a program, "GROUP PROGRAM", and what it depends on: up to three "GROUP PROGRAM CONDITION", "-" for no
/// group.
void readDependences(std::string_view text) {
  std::vector<config::ProcessConfig> programs;
  std::vector<std::string> groups;
  for (const auto& line : core::split(text, '\n')) {
    const auto words = core::splitBlanks(line);
    if (words.size() < 2 || programs.size() == 20) continue;
    config::Extension extension;
    for (std::size_t i = 2; i + 2 < words.size() && i < 11; i += 3)
      extension.dependences.on.push_back({words[i] == "-" ? "" : std::string(words[i]), std::string(words[i + 1]),
                                          static_cast<lifecycle::Condition>(words[i + 2].front() % 5)});
    config::ProcessConfig program;
    program.name = words[1];
    program.extension = config::Shared(extension);
    programs.push_back(std::move(program));
    groups.emplace_back(words[0]);
  }
  std::vector<config::Member> members;
  for (std::size_t i = 0; i < programs.size(); ++i) members.push_back({groups[i], &programs[i]});
  const auto wrong = config::wrongDependence(members);
  require(!wrong || (wrong->member < members.size() && !wrong->reason.empty()));
}

/// The first line is a cron expression; then each byte is a step of time. A schedule is never due again immediately:
/// the loop would turn without a pause.
void runSchedule(std::string_view text) {
  const auto end = std::min(text.find('\n'), text.size());
  const auto calendar = config::parseCron(text.substr(0, end));
  lifecycle::Timetable timetable;
  if (calendar)
    timetable.calendar = *calendar;
  else
    timetable.every = core::milliseconds(1000 + 10 * static_cast<std::int64_t>(end));
  const core::UtcOffset offset = [](std::int64_t when) -> std::int64_t { return when / 15'768'000 % 2 * 3600; };
  constexpr std::int64_t kMicros = 1'000'000;
  constexpr std::int64_t kLatest = 9'000'000'000 * kMicros;  // the kernel's clock ends in 2262
  lifecycle::Moment now{1'592'560'000 * kMicros, core::Instant(core::seconds(1000))};
  lifecycle::Schedule schedule;
  schedule.begin(timetable, offset, now, 0);
  int steps = 0;
  for (const char c : text.substr(std::min(end + 1, text.size()))) {
    if (++steps > 100) break;
    const auto byte = static_cast<unsigned char>(c);
    const std::int64_t amount = std::int64_t{1} << (byte >> 3 & 31);  // seconds, up to 68 years
    switch (byte & 7) {
      case 0: timetable.jitter = core::milliseconds(amount * 10); break;
      case 1: now.wall = std::max<std::int64_t>(0, now.wall - amount * kMicros); break;
      case 2: now.wall = std::min(kLatest, now.wall + amount * kMicros); break;
      case 3:
        if (const auto due = schedule.wallDue()) now.wall = *due;
        break;
      default:
        now.wall = std::min(kLatest, now.wall + amount * kMicros / 1000);
        now.steady += core::milliseconds(amount);
    }
    (void)schedule.passed(timetable, offset, now, byte);
    require(!schedule.wallDue() || *schedule.wallDue() > now.wall);
    require(!schedule.steadyDue() || *schedule.steadyDue() > now.steady);
    require(!schedule.passed(timetable, offset, now, byte));
    lifecycle::Schedule other;
    other.restore(schedule.save());
    require(other.save() == schedule.save());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 'v': readVariables(text); break;
    case 'a': readAnswer(text); break;
    case 'd': readDependences(text); break;
    case 's': runSchedule(text); break;
    default: break;
  }
  return 0;
}
