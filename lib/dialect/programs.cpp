// SPDX-License-Identifier: MIT
#include "lib/dialect/programs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "lib/core/files.hpp"
#include "lib/core/shell_words.hpp"
#include "lib/core/text.hpp"
#include "lib/dialect/extension.hpp"
#include "lib/dialect/idle_keys.hpp"
#include "lib/dialect/log_settings.hpp"
#include "lib/dialect/notices.hpp"
#include "lib/dialect/possible.hpp"
#include "lib/dialect/section_reader.hpp"
#include "lib/dialect/values.hpp"

namespace config {
namespace {

/// What a process_name must have, so that several processes have names of their own.
constexpr std::string_view kNumber = "%(process_num)";

/// The daemon's environment with the variables of `own`. If the result is that of the previous process (`last`), both
/// share it, which saves memory with many processes.
Environment merged(const Environment& daemon, Environment::List own, const Environment& last) {
  if (own.empty()) return daemon;
  for (const auto& pair : daemon) {
    const auto at =
        std::lower_bound(own.begin(), own.end(), pair, [](const auto& a, const auto& b) { return a.first < b.first; });
    if (at == own.end() || at->first != pair.first) own.insert(at, pair);
  }
  if (last.list() == own) return last;
  own.shrink_to_fit();
  return Environment(std::move(own));
}

/// The first signal of a sequence, which is one of Extension.
core::Expected<int> parseStopSignal(std::string_view text) {
  if (!isStopSequence(text)) return parseSignal(text);
  const auto steps = parseStopSequence(text, core::milliseconds(0));
  if (!steps) return core::Err{steps.error()};
  return steps->front().signal;
}

/// Turns one program section into processes.
class ProgramReader {
 public:
  ProgramReader(ReadContext& context, const core::IniSection& section, std::string group,
                const core::IniSection* groupSection, int socket, Misfits without)
      : context_(context),
        kind_(kindOf(section.name())),
        in_(context.document, section, kind_, groupSection, std::move(without)),
        names_(&context.environment),
        group_(std::move(group)) {
    common_.socket = socket;
  }

  core::Result<Processes, Refusal> run() {
    readName();
    readCommon();
    if (in_.ok()) checkCommon();
    Processes out;
    if (in_.ok() && count_ > 0) out.reserve(static_cast<std::size_t>(count_));
    for (int i = 0; i < count_ && in_.ok(); ++i) {
      auto process = readProcess(i);
      if (in_.ok()) out.push_back(std::make_shared<const ProcessConfig>(std::move(process)));
    }
    if (!in_.ok()) return core::Err{in_.refusal()};
    std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a->name < b->name; });
    if (scale_) {
      scale_->group = group_;
      scale_->processes = out;
    }
    return out;
  }
  [[nodiscard]] const Misfits& misfits() const noexcept { return in_.misfits(); }

 private:
  void readName() {
    const auto parsed = parseName(nameBehindColon(in_.name()));
    if (!parsed) return in_.fail(parsed.error().text);
    names_.set("here", context_.here);
    names_.set("program_name", *parsed);
    names_.set("group_name", group_);
    names_.set("host_node_name", core::hostName());
  }

  /// The keys that are the same for every process of the section.
  void readCommon() {
    // The default priority of an [eventlistener:x] section is that of the pool; its processes have that of a program.
    if (in_.has("priority") || kind_ != SectionKind::EventListener)
      in_.take("priority", names_, parseInteger, common_.priority);
    auto autoStart = AutoStart::Always;
    in_.take("autostart", names_, parseAutoStart, autoStart);
    common_.autoStart = autoStart != AutoStart::Never;
    if (in_.has("schedule") && !in_.has("autostart")) common_.autoStart = false;
    if (kind_ == SectionKind::EventListener && autoStart == AutoStart::OnDemand && !in_.writes("autostart"))
      autoStart = AutoStart::Always;  // a default for programs with sockets
    startAsLast_ = autoStart == AutoStart::Last;
    onDemand_ = autoStart == AutoStart::OnDemand;
    in_.take("autorestart", names_, parseAutoRestart, common_.autoRestart);
    in_.take("startsecs", names_, parseInteger, common_.startSeconds);
    in_.take("startretries", names_, parseInteger, common_.startRetries);
    in_.take("stopsignal", names_, parseStopSignal, common_.stopSignal);
    in_.take("stopwaitsecs", names_, parseInteger, common_.stopWaitSeconds);
    in_.take("stopasgroup", names_, parseBoolean, common_.stopAsGroup);
    common_.killAsGroup = common_.stopAsGroup;
    in_.take("killasgroup", names_, parseBoolean, common_.killAsGroup);
    in_.take("exitcodes", names_, parseExitCodes, common_.exitCodes);
    common_.exitCodes.shrink_to_fit();
    common_.backpressure = context_.backpressure;
    in_.take("log_backpressure", names_, parseBackpressure, common_.backpressure);
    in_.take("redirect_stderr", names_, parseBoolean, common_.redirectStderr);
    in_.take("numprocs", names_, parseInteger, count_);
    takeScale();
    in_.take("numprocs_start", names_, parseInteger, start_);
    in_.take("stdout_capture_maxbytes", names_, parseByteSize, common_.out.captureMaxBytes);
    in_.take("stdout_events_enabled", names_, parseBoolean, common_.out.events);
    in_.take("stderr_capture_maxbytes", names_, parseByteSize, common_.err.captureMaxBytes);
    in_.take("stderr_events_enabled", names_, parseBoolean, common_.err.events);
    common_.serverUrl = in_.text("serverurl", names_);
    if (common_.serverUrl && core::upper(core::trim(*common_.serverUrl)) == "AUTO") common_.serverUrl.reset();
    in_.take("user", names_, parseUser, common_.uid);
    in_.take("umask", names_, parseOctal, common_.umask);
    in_.take("oom_score_adj", names_, parseOomScore, common_.oomScoreAdjust);
    extended_ = startAsLast_ || onDemand_ || hasExtension(in_);
    environmentText_ = in_.raw("environment").value_or("");
    // As in Supervisor, the rule for names applies to the text before expansion.
    in_.store("process_name", parseName(in_.raw("process_name").value_or("")), nameText_);
  }

  /// The number that `supervisorctl scale` asks for, has given, or has saved.
  void takeScale() {
    if (kind_ == SectionKind::EventListener) return;
    const std::string name(core::trim(nameBehindColon(in_.name())));
    if (const auto* saved = context_.document.find("scale:" + name)) {
      saved_ = saved;
      SectionReader in(context_.document, *saved, SectionKind::Scale);
      in.take("numprocs", names_, parseInteger, count_);
      if (in.ok() && count_ < 0) in.fail("numprocs", fmt::format("{} is not a number of processes", count_));
      if (!in.ok()) in_.fail(in.refusal());
    }
    if (context_.scaling == nullptr) return;
    const int numprocs = count_;
    if (context_.scaling->asked != nullptr && context_.scaling->asked->program == name) {
      scale_ = context_.scaling->asked;
      count_ = scale_->count;
    } else {
      const bool several = in_.raw("process_name").value_or("").find(kNumber) != std::string::npos;
      for (const auto& [group, given] : context_.scaling->inForce)
        if (group == group_ && given.program == name && stillCounts(given, numprocs, several)) count_ = given.count;
    }
    if (count_ != numprocs) context_.scaled.push_back({name, count_, numprocs});
  }

  void checkCommon() {
    const bool scaled = scale_ != nullptr || saved_ != nullptr;
    if (count_ > 1 && nameText_.find(kNumber) == std::string::npos)
      in_.fail(scaled || in_.has("process_name") ? "process_name" : "numprocs",
               scaled ? fmt::format("%(process_num) must be present within process_name for {} processes", count_)
                      : "%(process_num) must be present within process_name when numprocs > 1");
    if (count_ > kMostProcesses) failCount(fmt::format("{} is more than {} processes", count_, kMostProcesses));
    if (common_.stopAsGroup && !common_.killAsGroup)
      in_.conflict("killasgroup", {"stopasgroup"}, "Cannot set stopasgroup=true and killasgroup=false");
  }

  /// Refuses the number of processes, where it was given.
  void failCount(const std::string& reason) {
    if (scale_) return in_.fail(reason);
    if (!saved_) return in_.fail("numprocs", reason);
    SectionReader in(context_.document, *saved_, SectionKind::Scale);
    in.fail("numprocs", reason);
    in_.fail(in.refusal());
  }

  ProcessConfig readProcess(int index) {
    core::Names names(&names_);
    names.set("process_num", static_cast<std::int64_t>(start_) + index);
    names.set("numprocs", static_cast<std::int64_t>(count_));
    const auto environment = in_.expanded("environment", environmentText_, names, "environment");
    auto own = core::parseKeyValues(environment);
    if (!own) {
      in_.fail("environment", own.error().text);
      return {};
    }
    if (index == 0) {
      noteIgnored(context_, in_, environment);
      noteIdleKeys(context_, in_);
    }
    for (const auto& [key, value] : *own) names.set("ENV_" + key, value);

    ProcessConfig process = common_;
    process.directory = in_.text("directory", names).value_or("");
    readLogs({context_, in_, names, index == 0}, process);
    const auto command = in_.text("command", names);
    if (!command) in_.fail("program section " + in_.name() + " does not specify a command");
    process.command = command.value_or("");
    process.name = in_.expanded("process_name", nameText_, names, "process_name");
    if (extended_) {
      const auto common = context_.withHere();
      auto extension = readExtension(in_, names, process, {common, !context_.alone}, onDemand_);
      extension.startAsLast = startAsLast_;
      if (index == 0) noteIdleValues(context_, in_, extension);
      process.extension = Shared(std::move(extension));
      if (process.extension->dependences.oneshot && process.autoRestart == AutoRestart::Always)
        in_.conflict(in_.has("type") ? "type" : "schedule", {"autorestart"},
                     in_.has("type")
                         ? "a oneshot program is done when it has ended: autorestart must not be true"
                         : "a program with a schedule is done when it has ended: autorestart must not be true, "
                           "or type must be simple");
      if (process.extension == last_.extension) process.extension = last_.extension;
    }
    process.environment = merged(context_.daemonEnvironment, std::move(*own), last_.environment);
    last_.environment = process.environment;
    last_.extension = process.extension;
    return process;
  }

  ReadContext& context_;
  SectionKind kind_;
  SectionReader in_;
  core::Names names_;
  std::string group_;
  ProcessConfig common_;
  int count_ = 1;
  int start_ = 0;
  std::string environmentText_;
  std::string nameText_;
  struct Scale* scale_ = nullptr;            ///< what asks for a number of processes of this program
  const core::IniSection* saved_ = nullptr;  ///< [scale:NAME], if its number counts
  bool startAsLast_ = false;
  bool onDemand_ = false;
  bool extended_ = false;
  /// Of the process before: equal ones share one object.
  struct {
    Environment environment;
    Shared<Extension> extension;
  } last_;
};

}  // namespace

std::string nameBehindColon(const std::string& section) { return section.substr(section.find(':') + 1); }

core::Result<Processes, Refusal> readProcesses(ReadContext& context, const core::IniSection& section,
                                               const std::string& group, const core::IniSection* groupSection,
                                               int socket) {
  Misfits without;
  const auto messages = context.messages.size();
  for (;;) {
    ProgramReader reader(context, section, group, groupSection, socket, without);
    auto read = reader.run();
    if (reader.misfits().size() == without.size()) {
      for (auto& [entry, warning] : without)
        if (!warning.empty() && context.misfits.insert(entry).second) context.warn(std::move(warning));
      return read;
    }
    without = reader.misfits();
    context.messages.erase(context.messages.begin() + static_cast<std::ptrdiff_t>(messages), context.messages.end());
  }
}

}  // namespace config
