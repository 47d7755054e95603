// SPDX-License-Identifier: MIT
#include "instance/api/process_list.hpp"

#include <malloc.h>

#include <algorithm>
#include <utility>

#include "instance/api/names.hpp"
#include "instance/config/model.hpp"
#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "lib/xmlrpc/writer.hpp"

namespace api {
namespace {

constexpr std::size_t kTypicalStruct = 1100;
constexpr std::size_t kEnvelope = 300;  // of the reply, which is composed in the same string
/// A longer list is written for each call: its text of half a megabyte and more would be kept.
constexpr std::size_t kMostPrograms = 400;
constexpr std::size_t kMostText = std::size_t{1} << 20;
/// From this size on the memory of a dropped text is worth returning to the system.
constexpr std::size_t kMuch = 64 * 1024;
constexpr core::Duration kPatience = core::milliseconds(500);

/// The uptime that the description shows; without one, 0.
core::seconds uptimeOf(const process::Process& program, const Moment& moment) noexcept {
  return program.state() == lifecycle::ProcessState::Running ? program.uptime(moment.steady) : core::seconds(0);
}

/// Writes every struct: for lists that are not kept.
std::string freshList(const std::vector<process::Process*>& programs, const Moment& moment) {
  std::string out;
  // Growing a megabyte by doubling would copy it twenty times, and leave holes in the heap.
  out.reserve(programs.size() * kTypicalStruct + kEnvelope);
  xmlrpc::Writer writer(out);
  writer.beginArray();
  for (const process::Process* program : programs) appendProcessInfo(out, *program, moment);
  writer.endArray();
  return out;
}

}  // namespace

ProcessList::Facts::Facts(const process::Process& program)
    : name(program.name()),
      group(program.group().name()),
      spawnError(program.spawnError()),
      stdoutLog(program.logPath(process::Channel::Stdout)),
      stderrLog(program.logPath(process::Channel::Stderr)),
      waiting(program.waitText()),
      started(program.startedAt()),
      stopped(program.stoppedAt()),
      exitStatus(program.exitStatus()),
      pid(program.pid()),
      state(static_cast<int>(program.state())),
      listener(program.protocol() != nullptr),
      disabled(program.disabled()) {}

bool ProcessList::Facts::areOf(const process::Process& program) const noexcept {
  return state == static_cast<int>(program.state()) && disabled == program.disabled() &&
         listener == (program.protocol() != nullptr) && pid == program.pid() && started == program.startedAt() &&
         stopped == program.stoppedAt() && exitStatus == program.exitStatus() && name == program.name() &&
         group == program.group().name() && spawnError == program.spawnError() &&
         stdoutLog == program.logPath(process::Channel::Stdout) &&
         stderrLog == program.logPath(process::Channel::Stderr) && waiting == program.waitText();
}

std::string ProcessList::valueAt(const Moment& moment) {
  const auto programs = byName(table_);
  if (!isAskedOften() || programs.size() > kMostPrograms) {
    drop();
    return freshList(programs, moment);
  }
  try {
    dropLater();
    if (!bringUpToDate(programs, moment)) rewrite(programs, moment);
  } catch (...) {  // out of memory: nothing half written may be shown to the next client
    drop();
    throw;
  }
  std::string out;
  out.reserve(text_.size() + kEnvelope);
  out = text_;
  if (text_.size() > kMostText) drop();
  return out;
}

/// Brings the pieces up to date in place, and notes those that cannot be. True: the text is that of this moment.
bool ProcessList::bringUpToDate(const Programs& programs, const Moment& moment) {
  const bool comparable = !text_.empty() && pieces_.size() == programs.size();
  stale_.assign(programs.size(), true);
  if (!comparable) return false;
  bool complete = true;
  std::string now;
  xmlrpc::Writer::appendDigits(now, moment.wall);
  for (std::size_t i = 0; i < programs.size(); ++i) {
    stale_[i] = !update(pieces_[i], *programs[i], moment, now);
    complete = complete && !stale_[i];
  }
  second_ = moment.wall;
  return complete;
}

/// False: the struct has to be written again.
bool ProcessList::update(Piece& piece, const process::Process& program, const Moment& moment, std::string_view now) {
  // Members of programs with keys of ours change in many ways. Such programs are few.
  if (program.config().extension.given() || !piece.facts.areOf(program)) return false;
  const auto uptime = uptimeOf(program, moment);
  const bool sameSecond = second_ == moment.wall;
  if (!sameSecond && !overwrite(piece, piece.moving.now, now)) return false;
  // The trouble of an event listener changes at any time.
  if (sameSecond && uptime == piece.uptime && !piece.facts.listener) return true;
  piece.uptime = uptime;
  std::string description;
  xmlrpc::Writer::appendText(description, program.description(moment.steady));
  return overwrite(piece, piece.moving.description, description);
}

/// False: the new text has another length.
bool ProcessList::overwrite(const Piece& piece, const Span& part, std::string_view with) noexcept {
  if (part.end - part.begin != with.size()) return false;
  with.copy(text_.data() + piece.start + part.begin, with.size());
  return true;
}

/// Composes a new text from the pieces that are up to date and from structs for the others.
void ProcessList::rewrite(const Programs& programs, const Moment& moment) {
  std::string text;
  std::vector<Piece> pieces;
  text.reserve(std::max(text_.size(), programs.size() * kTypicalStruct) + kEnvelope);
  pieces.reserve(programs.size());
  xmlrpc::Writer writer(text);
  writer.beginArray();
  for (std::size_t i = 0; i < programs.size(); ++i) {
    const std::size_t start = text.size();
    if (!stale_[i]) {
      text.append(text_, pieces_[i].start, pieces_[i].length);
      pieces.push_back(std::move(pieces_[i]));
      pieces.back().start = start;
      continue;
    }
    const process::Process& program = *programs[i];
    auto moving = appendProcessInfo(text, program, moment);
    for (auto* const part : {&moving.now, &moving.description}) *part = {part->begin - start, part->end - start};
    pieces.push_back({Facts(program), start, text.size() - start, moving, uptimeOf(program, moment)});
  }
  writer.endArray();
  text_ = std::move(text);
  pieces_ = std::move(pieces);
  second_ = moment.wall;
}

/// Notes the call.
bool ProcessList::isAskedOften() {
  const auto now = core::Clock::now();
  return now - std::exchange(asked_, now) <= kPatience;
}

void ProcessList::dropLater() {
  if (!timer_)
    timer_.emplace(
        loop_, [this] { onTimer(); }, core::milliseconds(100));
  if (!timer_->armed()) timer_->arm(asked_ + kPatience);
}

void ProcessList::onTimer() {
  if (core::Clock::now() - asked_ < kPatience) return timer_->arm(asked_ + kPatience);
  const bool much = text_.size() > kMuch;
  drop();
  if (much) ::malloc_trim(0);
}

void ProcessList::drop() noexcept {
  std::string().swap(text_);
  std::vector<Piece>().swap(pieces_);
  std::vector<bool>().swap(stale_);
  second_ = kNoSecond;
}

}  // namespace api
