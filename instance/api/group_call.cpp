// SPDX-License-Identifier: MIT
#include "instance/api/group_call.hpp"

#include <memory>
#include <utility>

#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "lib/xmlrpc/writer.hpp"

namespace api {
namespace {

/// Collects the results. The steps that are not done keep it alive.
struct Results {
  explicit Results(Completion whenDone) : done(std::move(whenDone)) { writer.beginArray(); }
  Results(const Results&) = delete;
  Results& operator=(const Results&) = delete;

  void add(const std::string& name, const std::string& group, const Waiters::Verdict& verdict) {
    writer.beginStruct();
    writer.member("name");
    writer.string(name);
    writer.member("group");
    writer.string(group);
    writer.member("status");
    writer.integer(verdict ? static_cast<int>(xmlrpc::FaultCode::Success) : verdict.error().code);
    writer.member("description");
    writer.string(verdict ? "OK" : verdict.error().text);
    writer.endStruct();
    finishOne();
  }
  void finishOne() {
    if (--pending > 0) return;
    writer.endArray();
    done(std::move(out));
  }

  Completion done;
  std::string out;
  xmlrpc::Writer writer{out};
  std::size_t pending = 1;  ///< the setting off counts as one
};

}  // namespace

void forEachProgram(const std::vector<process::Process*>& programs, const Step& step, Completion done) {
  const auto results = std::make_shared<Results>(std::move(done));
  for (process::Process* program : programs) {
    ++results->pending;
    step(*program, [results, name = program->name(), group = program->group().name()](const Waiters::Verdict& verdict) {
      results->add(name, group, verdict);
    });
  }
  results->finishOne();
}

}  // namespace api
