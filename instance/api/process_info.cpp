// SPDX-License-Identifier: MIT
#include "instance/api/process_info.hpp"

#include <string_view>

#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "lib/xmlrpc/writer.hpp"

namespace api {
namespace {

/// Appends what stands between two values and the next value. Pages, exporters and `status` ask for all programs again
/// and again: one append of a long constant instead of many of short ones halves the cost.
class Frame {
 public:
  explicit Frame(std::string& out) : out_(out) {}
  void text(std::string_view before, std::string_view value) {
    out_ += before;
    xmlrpc::Writer::appendText(out_, value);
  }
  void number(std::string_view before, std::int64_t value) {
    out_ += before;
    xmlrpc::Writer::appendDigits(out_, value);
  }
  void end(std::string_view rest) { out_ += rest; }

 private:
  std::string& out_;
};

// Adjacent literals: the end of a value, the name of a member, the start of its value.
#define NEXT "</member><member><name>"
#define AS_TEXT "</name><value><string>"
#define AS_NUMBER "</name><value><int>"
#define TEXT_END "</string></value>"
#define NUMBER_END "</int></value>"

}  // namespace

void appendProcessInfo(std::string& out, const process::Process& program, std::int64_t now) {
  const std::string& stdoutLog = program.logPath(process::Channel::Stdout);
  Frame frame(out);
  frame.text("<value><struct><member><name>name" AS_TEXT, program.name());
  frame.text(TEXT_END NEXT "group" AS_TEXT, program.group().name());
  frame.number(TEXT_END NEXT "start" AS_NUMBER, program.startedAt());
  frame.number(NUMBER_END NEXT "stop" AS_NUMBER, program.stoppedAt());
  frame.number(NUMBER_END NEXT "now" AS_NUMBER, now);
  frame.number(NUMBER_END NEXT "state" AS_NUMBER, static_cast<int>(program.state()));
  frame.text(NUMBER_END NEXT "statename" AS_TEXT, lifecycle::toText(program.state()));
  frame.text(TEXT_END NEXT "spawnerr" AS_TEXT, program.spawnError());
  frame.number(TEXT_END NEXT "exitstatus" AS_NUMBER, program.exitStatus());
  frame.text(NUMBER_END NEXT "logfile" AS_TEXT, stdoutLog);
  frame.text(TEXT_END NEXT "stdout_logfile" AS_TEXT, stdoutLog);
  frame.text(TEXT_END NEXT "stderr_logfile" AS_TEXT, program.logPath(process::Channel::Stderr));
  frame.number(TEXT_END NEXT "pid" AS_NUMBER, program.pid());
  frame.text(NUMBER_END NEXT "description" AS_TEXT, program.description());
  frame.end(TEXT_END "</member></struct></value>");
}

#undef NEXT
#undef AS_TEXT
#undef AS_NUMBER
#undef TEXT_END
#undef NUMBER_END

}  // namespace api
