// SPDX-License-Identifier: MIT
#include "instance/api/group_call.hpp"

#include <memory>
#include <utility>

#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "lib/xmlrpc/struct_writer.hpp"

namespace api {
namespace {

std::string resultValue(const std::string& name, const std::string& group, const Waiters::WaitResult& verdict) {
  std::string out;
  xmlrpc::StructWriter members(out);
  members.text<"name">(name);
  members.text<"group">(group);
  members.number<"status">(verdict ? static_cast<int>(xmlrpc::FaultCode::Success) : verdict.error().code);
  members.text<"description">(verdict ? std::string_view("OK") : verdict.error().text);
  members.end();
  return out;
}

/// Collects the results. The steps that are not done keep it alive.
struct Results {
  explicit Results(Completion whenDone) : done(std::move(whenDone)) {}
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

  Completion done;
  std::vector<std::string> values;  ///< by the program's place; empty until it is done
  std::size_t pending = 1;          ///< the setting off counts as one
};

}  // namespace

void forEachProgram(const std::vector<process::Process*>& programs, const Step& step, Completion done) {
  const auto results = std::make_shared<Results>(std::move(done));
  results->values.resize(programs.size());
  for (std::size_t place = 0; place < programs.size(); ++place) {
    auto& program = *programs[place];
    ++results->pending;
    step(program, [results, place, name = program.name(), group = program.group().name()](const auto& verdict) {
      results->values[place] = resultValue(name, group, verdict);
      results->finishOne();
    });
  }
  results->finishOne();
}

}  // namespace api
