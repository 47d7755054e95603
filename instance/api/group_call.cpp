// SPDX-License-Identifier: MIT
#include "instance/api/group_call.hpp"

#include <memory>
#include <utility>

#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "lib/xmlrpc/struct_writer.hpp"

namespace api {
namespace {

std::string resultValue(const std::string& name, const std::string& group, const Waiters::WaitResult& result) {
  std::string out;
  xmlrpc::StructWriter members(out);
  members.text<"name">(name);
  members.text<"group">(group);
  members.number<"status">(result ? static_cast<int>(xmlrpc::FaultCode::Success) : result.error().code);
  members.text<"description">(result ? std::string_view("OK") : result.error().text);
  members.end();
  return out;
}

/// Collects the results. The steps that are not done keep it alive: when the result of one could not be stored, for
/// lack of memory, this is destroyed with the last one, and drops the call.
struct Results {
  explicit Results(core::Completion<MethodResult> whenDone) : done(std::move(whenDone)) {}
  Results(const Results&) = delete;
  Results& operator=(const Results&) = delete;

  void finishOne() {
    if (--pending > 0) return;
    std::string out;
    xmlrpc::Writer writer(out);
    writer.beginArray();
    for (const auto& value : values) out += value;
    writer.endArray();
    done(std::move(out));
  }

  core::Completion<MethodResult> done;
  std::vector<std::string> values;  ///< by the program's place; empty until it is done
  std::size_t pending = 1;          ///< starting them all counts as one
};

}  // namespace

void forEachProgram(const std::vector<process::Process*>& programs, const Step& step,
                    core::Completion<MethodResult> done) {
  const auto results = std::make_shared<Results>(std::move(done));
  results->values.resize(programs.size());
  for (std::size_t place = 0; place < programs.size(); ++place) {
    auto& program = *programs[place];
    ++results->pending;
    step(program, [results, place, name = program.name(), group = program.group().name()](const auto& result) {
      results->values[place] = resultValue(name, group, result);
      results->finishOne();
    });
  }
  results->finishOne();
}

}  // namespace api
