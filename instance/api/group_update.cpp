// SPDX-License-Identifier: MIT
#include "instance/api/group_update.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "instance/api/control.hpp"
#include "instance/api/group_call.hpp"
#include "instance/api/instance.hpp"
#include "instance/config/change.hpp"
#include "instance/config/model.hpp"
#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "instance/process/table.hpp"
#include "instance/process/waits.hpp"
#include "lib/core/log.hpp"
#include "lib/core/text.hpp"
#include "lib/xmlrpc/struct_writer.hpp"

namespace api {
namespace {

using config::GroupChange;
using config::ProgramChange;
using Kind = ProgramChange::Kind;
using Programs = std::vector<process::Process*>;
using xmlrpc::FaultCode;

/// How often the configuration may change while programs stop.
constexpr int kMostRounds = 3;

void writeTexts(xmlrpc::Writer& writer, const std::vector<std::string>& texts) {
  writer.beginArray();
  for (const std::string& text : texts) writer.string(text);
  writer.endArray();
}

const char* wordOf(Kind kind) {
  switch (kind) {
    case Kind::Added: return "added";
    case Kind::Removed: return "removed";
    case Kind::Restarted: return "restarted";
    case Kind::Live: break;
  }
  return "live";
}

/// " (environment; also changed: exitcodes)"
std::string keysText(const ProgramChange& change) {
  if (change.keys.empty()) return {};
  if (change.causes.empty() || change.causes.size() == change.keys.size())
    return " (" + core::join(change.keys, ", ") + ")";
  std::vector<std::string> others;
  std::copy_if(change.keys.begin(), change.keys.end(), std::back_inserter(others), [&](const std::string& key) {
    return std::find(change.causes.begin(), change.causes.end(), key) == change.causes.end();
  });
  return " (" + core::join(change.causes, ", ") + "; also changed: " + core::join(others, ", ") + ")";
}

/// `with`: see Followed; empty: nothing.
void writeProgram(std::string& out, const ProgramChange& change, const std::string& with) {
  xmlrpc::StructWriter members(out);
  members.text<"name">(change.name);
  members.text<"change">(wordOf(change.kind));
  members.value("keys", [&](xmlrpc::Writer& writer) { writeTexts(writer, change.keys); });
  if (!change.causes.empty() && change.causes.size() < change.keys.size())
    members.value("causes", [&](xmlrpc::Writer& writer) { writeTexts(writer, change.causes); });
  if (!with.empty()) members.text<"with">(with);
  if (change.starts) members.flag("starts", *change.starts);
  members.end();
}

bool ends(const ProgramChange& change) noexcept {
  return change.kind == Kind::Removed || change.kind == Kind::Restarted;
}

/// autostart=last: what does not run stays as it is.
bool staysDown(const process::Process& program, const config::ProcessConfig& next) {
  using lifecycle::ProcessState;
  const bool last = next.extension->startAsLast && program.config().extension->startAsLast;
  const bool down = program.state() == ProcessState::Stopped || program.state() == ProcessState::Exited;
  return last && down && !program.waits().start;
}

/// Whether the group is removed and added again, as Supervisor does: of one in which no program continues, clients and
/// event listeners hear what they are used to.
bool replaces(const process::Group& group, const GroupChange& change) {
  return change.whole || keptPrograms(group, change) == 0;
}

/// One call. Its callbacks keep it alive.
class Update : public std::enable_shared_from_this<Update> {
 public:
  Update(Instance& instance, Waiters& waiters, UpdateRequest request, core::Completion<MethodResult> done)
      : instance_(instance), waiters_(waiters), request_(std::move(request)), done_(std::move(done)) {}

  void begin() {
    const auto wanted = configured();
    if (!wanted) return done_(fail(FaultCode::BadName, request_.group));
    auto* const group = instance_.table.find(request_.group);
    if (group == nullptr) return add(wanted);
    const auto target = targetOf(*group, wanted);
    if (!target) return refuse();
    const GroupChange change = group->changeTo(*target);
    if (rounds_ == 0) {
      first_ = change;
      kept_ = change.whole ? 0 : keptPrograms(*group, change);
      noteDown(*group, *target);
    }
    stop(*group, *target, change);
  }

 private:
  [[nodiscard]] config::GroupPtr configured() const {
    const auto& groups = instance_.configuration().groups;
    const auto at =
        std::find_if(groups.begin(), groups.end(), [&](const auto& group) { return group->name == request_.group; });
    return at == groups.end() ? nullptr : *at;
  }

  void noteDown(const process::Group& group, const config::GroupConfig& target) {
    for (const auto& next : target.processes)
      if (const auto* const program = group.find(next->name); program != nullptr && staysDown(*program, *next))
        down_.insert(next->name);
  }

  void refuse() { done_(fail(FaultCode::Failed, request_.group + " can only be updated as a whole")); }

  /// nullptr: some of its programs cannot be changed without the others.
  [[nodiscard]] config::GroupPtr targetOf(const process::Group& group, const config::GroupPtr& wanted) const {
    if (request_.programs.empty()) return wanted;
    if (group.changeTo(*wanted).whole) return nullptr;
    return config::partOf(group.asItRuns(), *wanted, request_.programs);
  }

  /// As by a restart: of those that depend on these programs only those with restart_with_dependencies are stopped with
  /// them. On what is removed nothing depends any more.
  void stop(const process::Group& group, const config::GroupConfig& target, const GroupChange& change) {
    Programs programs = endedPrograms(group, target, change, true);
    const std::set<const process::Process*> removed(programs.begin(), programs.end());
    const auto others = endedPrograms(group, target, change, false);
    programs.insert(programs.end(), others.begin(), others.end());
    std::erase_if(programs, [](const auto* program) { return lifecycle::isStopped(program->state()); });
    forEachProgram(
        programs,
        [this, removed](process::Process& program, core::Completion<Waiters::WaitResult> ended) {
          // Somebody else may be stopping it.
          if (program.state() == lifecycle::ProcessState::Stopping)
            return waiters_.untilStopped(program, std::move(ended));
          stopProgram(waiters_, program, program.fullName(), true, std::move(ended),
                      removed.contains(&program) ? process::Along::Nobody : process::Along::Restarting);
        },
        [self = shared_from_this()](const MethodResult& result) {
          if (!result) return self->done_(result);
          self->apply();
        });
  }

  /// What differs may be something else by now.
  void apply() {
    if (instance_.table.supervisorState() != process::SupervisorState::Running)
      return done_(fail(FaultCode::ShutdownState));
    const auto wanted = configured();
    auto* const group = instance_.table.find(request_.group);
    if (!wanted || group == nullptr) return done_(fail(FaultCode::BadName, request_.group));
    const auto target = targetOf(*group, wanted);
    if (!target) return refuse();
    const GroupChange change = group->changeTo(*target);
    if (replaces(*group, change)) {
      if (instance_.table.remove(*group)) return add(target);
    } else if (instance_.table.apply(*group, target)) {
      return finish(*group, change);
    }
    if (++rounds_ < kMostRounds) return begin();
    done_(fail(FaultCode::StillRunning, request_.group));
  }

  void finish(process::Group& group, const GroupChange& change) {
    tell();
    if (request_.start) instance_.table.autostart(group, change, down_);
    answer("changed");
  }

  void add(const config::GroupPtr& wanted) {
    const auto added = instance_.table.add(wanted);
    if (!added) return done_(fail(FaultCode::Failed, added.error().text));
    if (request_.start) instance_.table.autostart(**added, down_);
    answer(first_.whole ? "replaced" : first_.programs.empty() ? "added" : "changed");
  }

  void tell() const {
    std::vector<std::string> texts;
    for (const auto& one : first_.programs)
      texts.push_back(one.name + " " + (one.kind == Kind::Live ? "changed while it runs" : wordOf(one.kind)) +
                      keysText(one));
    logging::info("updated group {}: {}", request_.group,
                  texts.empty() ? "no program of it differs" : core::join(texts, "; "));
  }

  void answer(const char* word) {
    std::string out;
    writeChange(out, request_.group, word, first_, kept_);
    done_(std::move(out));
  }

  Instance& instance_;
  Waiters& waiters_;
  const UpdateRequest request_;
  core::Completion<MethodResult> done_;
  GroupChange first_;  ///< what differed when the call came
  std::size_t kept_ = 0;
  std::set<std::string> down_;  ///< programs that are not started
  int rounds_ = 0;
};

}  // namespace

Programs endedPrograms(const process::Group& group, const config::GroupConfig& now, const GroupChange& change,
                       bool removed) {
  Programs programs;
  const bool all = replaces(group, change);
  const auto changes = change.byName();
  std::set<std::string_view> names;
  for (const auto& program : now.processes) names.insert(program->name);
  for (auto* const program : group.byPriority()) {
    const auto one = changes.find(program->name());
    const bool affected = all || (one != changes.end() && ends(*one->second));
    if (affected && names.contains(program->name()) != removed) programs.push_back(program);
  }
  return programs;
}

void planStarts(const process::Group& group, const config::GroupConfig& now, GroupChange& change) {
  std::map<std::string_view, const config::ProcessConfig*> next;
  for (const auto& program : now.processes) next.emplace(program->name, program.get());
  for (auto& one : change.programs) {
    const auto* const program = group.find(one.name);
    const auto at = next.find(one.name);
    if (program == nullptr || at == next.end()) continue;
    one.starts = at->second->autoStart && !program->disabled() &&
                 (change.whole || process::isStartedBy(one, *program)) && !staysDown(*program, *at->second);
  }
}

std::size_t keptPrograms(const process::Group& group, const GroupChange& change) {
  const auto changes = change.byName();
  const auto continues = [&](const auto& program) {
    const auto one = changes.find(program->name());
    return one == changes.end() || !ends(*one->second);
  };
  const auto& programs = group.processes();
  return static_cast<std::size_t>(std::count_if(programs.begin(), programs.end(), continues));
}

void writeChange(std::string& out, std::string_view group, std::string_view word, const GroupChange& change,
                 std::size_t kept, Followed followed) {
  xmlrpc::StructWriter members(out);
  members.text<"name">(group);
  members.text<"change">(word);
  members.value("keys", [&](xmlrpc::Writer& writer) { writeTexts(writer, change.keys); });
  members.value("programs", [&](xmlrpc::Writer& writer) {
    writer.beginArray();
    for (const auto& one : change.programs) {
      const auto with = followed.extract(one.name);
      writeProgram(out, one, with ? with.mapped() : std::string());
    }
    for (const auto& [name, with] : followed) writeProgram(out, {Kind::Restarted, name, {}, {}}, with);
    writer.endArray();
  });
  members.number<"kept">(static_cast<std::int64_t>(kept));
  members.end();
}

void updateGroup(Instance& instance, Waiters& waiters, UpdateRequest request, core::Completion<MethodResult> done) {
  std::make_shared<Update>(instance, waiters, std::move(request), std::move(done))->begin();
}

}  // namespace api
