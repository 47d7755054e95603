// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include "instance/api/arguments.hpp"
#include "instance/api/group_call.hpp"
#include "instance/api/instance.hpp"
#include "instance/api/names.hpp"
#include "instance/api/supervisor_methods.hpp"
#include "instance/output/log_reader.hpp"
#include "instance/output/rotating_file.hpp"
#include "instance/process/process.hpp"
#include "lib/core/log.hpp"
#include "lib/core/terminal_text.hpp"
#include "lib/xmlrpc/writer.hpp"

namespace api {
namespace {

using process::Channel;
using xmlrpc::Array;
using xmlrpc::Fault;
using xmlrpc::FaultCode;

/// The requested bytes of a log.
struct Range {
  std::int64_t offset = 0;
  std::int64_t length = 0;
};

core::Result<Range, Fault> rangeArgument(const Array& params, std::size_t index) {
  const auto offset = integerArgument(params[index], "offset");
  if (!offset) return core::Err{offset.error()};
  const auto length = integerArgument(params[index + 1], "length");
  if (!length) return core::Err{length.error()};
  return Range{*offset, *length};
}

MethodResult tooLarge() {
  return fail(FaultCode::Failed, "the requested part of the log is larger than 32 MB; request less");
}

/// A terminal sequence that continues in the requested bytes can begin this far before them.
constexpr std::int64_t kContext = 512;

/// The bytes of a range without terminal sequences: XML cannot carry ESC, and the rest of a colour without it is noise
/// in a page.
core::Result<std::string, output::ReadError> readAsText(const std::string& path, const Range& range) {
  const bool fromEnd = range.offset < 0;
  if (range.length < 0 || (fromEnd && range.length != 0)) return output::readLog(path, range.offset, range.length);
  constexpr auto least = std::numeric_limits<std::int64_t>::min() + kContext;
  constexpr auto most = std::numeric_limits<std::int64_t>::max() - kContext;
  const auto more = fromEnd ? kContext : std::min(range.offset, kContext);
  const auto length = range.length == 0 ? 0 : std::min(range.length, most) + more;
  auto bytes = output::readLog(path, std::max(range.offset, least) - more, length);
  if (!bytes) return bytes;
  const auto size = static_cast<std::int64_t>(bytes->size());
  const auto before = fromEnd ? std::max<std::int64_t>(0, size + std::max(range.offset, least)) : std::min(more, size);
  const std::string_view all = *bytes;
  const auto cut = static_cast<std::size_t>(before);
  return core::withoutSequences(all.substr(cut), all.substr(0, cut));
}

MethodResult read(const std::string& path, const Array& params, std::size_t index) {
  const auto range = rangeArgument(params, index);
  if (!range) return core::Err{range.error()};
  const auto text = readAsText(path, *range);
  if (text) return textValue(*text);
  switch (text.error().kind) {
    case output::ReadError::Kind::BadArguments: return fail(FaultCode::BadArguments);
    case output::ReadError::Kind::NoFile: return fail(FaultCode::NoFile, path);
    case output::ReadError::Kind::TooLarge: return tooLarge();
    case output::ReadError::Kind::Failed: break;
  }
  return fail(FaultCode::Failed);
}

core::Result<process::Process*, Fault> programArgument(const Instance& instance, const Array& params) {
  const auto name = textArgument(params[0], "name");
  if (!name) return core::Err{name.error()};
  return findProgram(instance.table, *name);
}

MethodResult readProcessLog(const Instance& instance, Channel channel, const Array& params) {
  const auto program = programArgument(instance, params);
  if (!program) return core::Err{program.error()};
  (*program)->catchUp(channel);
  const std::string& path = (*program)->logPath(channel);
  if (path.empty()) return fail(FaultCode::NoFile);
  return read(path, params, 1);
}

MethodResult tailProcessLog(const Instance& instance, Channel channel, const Array& params) {
  const auto program = programArgument(instance, params);
  if (!program) return core::Err{program.error()};
  const auto range = rangeArgument(params, 1);
  if (!range) return core::Err{range.error()};
  (*program)->catchUp(channel);
  const std::string& path = (*program)->logPath(channel);
  const output::Tail tail = path.empty() ? output::Tail{} : output::tailLog(path, range->offset, range->length);
  if (tail.tooLarge) return tooLarge();
  // A tail is the end of the file: its beginning follows from the size of the file.
  const auto begin = std::max<std::int64_t>(0, tail.size - static_cast<std::int64_t>(tail.bytes.size()));
  const auto more = std::min(begin, kContext);
  std::string before;
  if (more > 0 && !tail.bytes.empty())
    if (auto bytes = output::readLog(path, begin - more, more)) before = std::move(*bytes);
  std::string out;
  xmlrpc::Writer writer(out);
  writer.beginArray();
  writer.string(core::withoutSequences(tail.bytes, before));
  writer.integer(tail.size);
  writer.boolean(tail.overflow);
  writer.endArray();
  return out;
}

MethodResult readMainLog(const Instance& instance, const Array& params) {
  if (instance.activityLog() == nullptr) return fail(FaultCode::NoFile);
  return read(instance.activityLog()->path(), params, 0);
}

MethodResult clearMainLog(const Instance& instance) {
  output::RotatingFile* log = instance.activityLog();
  if (log == nullptr || ::access(log->path().c_str(), F_OK) != 0) return fail(FaultCode::NoFile);
  logging::info("reopening log file");  // cleared with the rest: the new log is empty
  if (const auto cleared = log->clear(); !cleared) return fail(FaultCode::Failed, cleared.error().text);
  return trueValue();
}

MethodResult clearProcessLogs(const Instance& instance, const Array& params) {
  const auto program = programArgument(instance, params);
  if (!program) return core::Err{program.error()};
  if (const auto cleared = (*program)->clearLogs(); !cleared) return fail(FaultCode::Failed, *params[0].string());
  return trueValue();
}

void clearAllProcessLogs(const Instance& instance, core::Completion<MethodResult> done) {
  forEachProgram(
      byPriority(instance.table),
      [](process::Process& program, core::Completion<Waiters::WaitResult> ended) {
        if (program.clearLogs()) return ended({});
        ended(fail(FaultCode::Failed, program.fullName()));
      },
      std::move(done));
}

void addReaders(Instance& instance, SupervisorNamespace& names) {
  const auto reader = [&instance](Channel channel) {
    return immediately([&instance, channel](const Array& params) { return readProcessLog(instance, channel, params); });
  };
  const auto tailer = [&instance](Channel channel) {
    return immediately([&instance, channel](const Array& params) { return tailProcessLog(instance, channel, params); });
  };
  constexpr std::string_view readHelp =
      "Reads from a log of a process.\n\n@param string name  The process (or 'group:name').\n"
      "@param int offset  Where to begin; below 0 with length 0: that many bytes before the end.\n"
      "@param int length  How many bytes; 0: all.\n@return string result  The bytes.";
  constexpr std::string_view tailHelp =
      "Follows a log of a process: pass the offset that the last call returned.\n\n"
      "@param string name  The process (or 'group:name').\n@param int offset  Where the last call ended.\n"
      "@param int length  How many bytes at most.\n"
      "@return array result  The bytes, the next offset, and whether bytes were skipped.";
  const std::vector<std::string_view> readTypes{"string", "string", "int", "int"};
  const std::vector<std::string_view> tailTypes{"array", "string", "int", "int"};
  names.add("readProcessStdoutLog", readTypes, 3, readHelp, reader(Channel::Stdout));
  names.addAlias("readProcessLog", "readProcessStdoutLog");
  names.add("readProcessStderrLog", readTypes, 3, readHelp, reader(Channel::Stderr));
  names.add("tailProcessStdoutLog", tailTypes, 3, tailHelp, tailer(Channel::Stdout));
  names.addAlias("tailProcessLog", "tailProcessStdoutLog");
  names.add("tailProcessStderrLog", tailTypes, 3, tailHelp, tailer(Channel::Stderr));
}

}  // namespace

void addLogMethods(Instance& instance, SupervisorNamespace& names) {
  names.add("readLog", {"string", "int", "int"}, 2,
            "Reads from the activity log of supervisord.\n\n"
            "@param int offset  Where to begin; below 0 with length 0: that many bytes before the end.\n"
            "@param int length  How many bytes; 0: all.\n@return string result  The bytes.",
            immediately([&instance](const Array& params) { return readMainLog(instance, params); }));
  names.addAlias("readMainLog", "readLog");
  names.add("clearLog", {"boolean"}, 0, "Empties the activity log of supervisord.\n\n@return boolean result  True.",
            immediately([&instance](const Array&) { return clearMainLog(instance); }));
  addReaders(instance, names);
  names.add("clearProcessLogs", {"boolean", "string"}, 1,
            "Empties both logs of a process.\n\n@param string name  The process (or 'group:name').\n"
            "@return boolean result  True.",
            immediately([&instance](const Array& params) { return clearProcessLogs(instance, params); }));
  names.addAlias("clearProcessLog", "clearProcessLogs");
  names.add("clearAllProcessLogs", {"array"}, 0,
            "Empties the logs of all processes.\n\n"
            "@return array result  A struct of name, group, status and description for each.",
            [&instance](const Array&, core::Completion<MethodResult> done) {
              clearAllProcessLogs(instance, std::move(done));
            });
}

}  // namespace api
