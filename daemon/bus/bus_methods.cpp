// SPDX-License-Identifier: MIT
#include "daemon/bus/bus_methods.hpp"

#include <fmt/format.h>
#include <systemd/sd-bus.h>

#include <algorithm>
#include <csignal>
#include <unordered_set>

#include "daemon/bus/change_text.hpp"
#include "daemon/bus/names.hpp"
#include "daemon/bus/properties.hpp"
#include "lib/core/text.hpp"

namespace bus {

namespace {

CallError unknownInstance(const std::string& name) {
  return toCallError({instances::ErrorCode::NoSuchInstance, fmt::format("There is no instance '{}'", name)});
}

/// Replies with the outcome of an operation.
template <class... R>
core::Task<> answer(core::Task<instances::OperationResult> operation, std::shared_ptr<Reply<R...>> reply,
                    R... results) {
  const auto outcome = co_await operation;
  if (outcome)
    reply->send(results...);
  else
    reply->fail(toCallError(outcome.error()));
}

/// Replies with what `send` makes of a result.
template <class T, class... R, class Send>
core::Task<> answerWith(core::Task<instances::Answer<T>> operation, std::shared_ptr<Reply<R...>> reply, Send send) {
  const auto result = co_await operation;
  if (result)
    send(*reply, *result);
  else
    reply->fail(toCallError(result.error()));
}

ChangeList toList(const std::vector<instances::Change>& changes) {
  ChangeList list;
  for (const auto& change : changes) {
    auto lines = linesOf(change);
    for (auto& line : lines) line = core::toUtf8(line);
    list.emplace_back(core::toUtf8(change.name), toText(change.deed), std::move(lines));
  }
  return list;
}

ComplaintList toList(const std::vector<entries::Complaint>& complaints) {
  ComplaintList list;
  for (const auto& one : complaints)
    list.emplace_back(core::toUtf8(one.file), static_cast<std::uint32_t>(one.line), core::toUtf8(one.section),
                      core::toUtf8(one.key), core::toUtf8(one.reason));
  return list;
}

}  // namespace

sdbus::Error noSuchInstance(std::string message) {
  return makeError(errorName(instances::ErrorCode::NoSuchInstance), std::move(message));
}

BusMethods::BusMethods(std::shared_ptr<sdbus::IConnection> connection, instances::Manager& manager, uid_t managerUid)
    : connection_(std::move(connection)), manager_(manager), authorizer_(*connection_, managerUid) {}

/// Who asks, of the message that is being processed; the instance is still to be told.
Request BusMethods::requestOf(const sdbus::IObject& object, Verb verb) {
  const auto& message = currentMessage(object);
  Request request;
  request.sender = message.getSender();
  request.interactive =
      sd_bus_message_get_allow_interactive_authorization(static_cast<sd_bus_message*>(rawMessage(message))) > 0;
  request.verb = verb;
  return request;
}

template <class... R, class Act>
void BusMethods::guarded(const sdbus::IObject& object, Verb verb, const std::string& name, sdbus::Result<R...>&& result,
                         Act act) {
  auto reply = std::make_shared<Reply<R...>>(connection_, std::move(result));
  Request request = requestOf(object, verb);
  request.instance = name;
  if (!name.empty() && verb != Verb::Create) {
    const auto status = manager_.get(name);
    if (!status) return reply->fail(unknownInstance(name));
    request.user = status->user;
    request.owner = status->uid;
  }
  authorizer_.check(
      std::move(request),
      [reply, act = std::move(act)](std::shared_ptr<CallLimits::Ticket> ticket) {
        reply->hold(std::move(ticket));
        act(reply);
      },
      [reply](const CallError& error) { reply->fail(error); });
}

void BusMethods::run(const sdbus::IObject& object, Verb verb, Operation operation, const std::string& name,
                     sdbus::Result<>&& result) {
  guarded(object, verb, name, std::move(result),
          [this, operation, name](const auto& reply) { calls_.run(answer((manager_.*operation)(name), reply)); });
}

void BusMethods::kill(const sdbus::IObject& object, const std::string& name, const std::string& whom, int signo,
                      sdbus::Result<>&& result) {
  guarded(object, Verb::Kill, name, std::move(result), [this, name, whom, signo](const auto& reply) {
    if (whom != "main" && whom != "all")
      return reply->fail(
          {SD_BUS_ERROR_INVALID_ARGS, fmt::format("Argument 'whom': '{}' is neither 'main' nor 'all'", whom)});
    if (signo < 1 || signo > SIGRTMAX)
      return reply->fail({SD_BUS_ERROR_INVALID_ARGS, fmt::format("Argument 'signal': there is no signal {}", signo)});
    const auto who = whom == "main" ? instances::KillWhom::Main : instances::KillWhom::All;
    calls_.run(answer(manager_.kill(name, who, signo), reply));
  });
}

void BusMethods::program(const sdbus::IObject& object, const std::string& name, const std::string& program,
                         instances::ProgramVerb verb, sdbus::Result<>&& result) {
  guarded(object, Verb::ControlProgram, name, std::move(result), [this, name, program, verb](const auto& reply) {
    calls_.run(answer(manager_.controlProgram(name, program, verb), reply));
  });
}

void BusMethods::enable(const sdbus::IObject& object, const std::string& name, bool enabled,
                        sdbus::Result<bool>&& result) {
  guarded(object, enabled ? Verb::Enable : Verb::Disable, name, std::move(result),
          [this, name, enabled](const auto& reply) {
            const auto changed = manager_.setEnabled(name, enabled);
            if (changed)
              reply->send(*changed);
            else
              reply->fail(toCallError(changed.error()));
          });
}

namespace {

/// Known names count once, so that this bounds the sorting and what is said of unknown ones.
constexpr std::size_t kMostNames = 10000;

CallError tooMany(std::size_t names) {
  return {kLimitsExceeded, fmt::format("{} names are more than the {} that one call may have", names, kMostNames)};
}

/// Several instances of one call: each is authorised by itself, one after the other, before the first is changed.
struct EnableJob {
  std::shared_ptr<Reply<std::vector<std::string>>> reply;
  std::vector<Request> requests;
  std::vector<std::string> names;
  bool enabled = true;
  std::shared_ptr<CallLimits::Ticket> ticket;
  std::size_t next = 0;
};

void enableAll(instances::Manager& manager, EnableJob& job) {
  std::vector<std::string> changed;
  for (const auto& name : job.names) {
    const auto outcome = manager.setEnabled(name, job.enabled);
    if (!outcome) return job.reply->fail(toCallError(outcome.error()));
    if (*outcome) changed.push_back(name);
  }
  job.reply->send(changed);
}

void authoriseNext(Authorizer& authorizer, instances::Manager& manager, const std::shared_ptr<EnableJob>& job) {
  if (job->next == job->requests.size()) return enableAll(manager, *job);
  authorizer.check(
      job->requests[job->next++],
      [&authorizer, &manager, job](std::shared_ptr<CallLimits::Ticket> ticket) {
        job->ticket = std::move(ticket);
        authoriseNext(authorizer, manager, job);
      },
      [job](const CallError& error) { job->reply->fail(error); });
}

}  // namespace

void BusMethods::enable(const sdbus::IObject& object, std::vector<std::string> names, bool enabled,
                        sdbus::Result<std::vector<std::string>>&& result) {
  auto job = std::make_shared<EnableJob>();
  job->reply = std::make_shared<Reply<std::vector<std::string>>>(connection_, std::move(result));
  job->enabled = enabled;
  if (names.size() > kMostNames) return job->reply->fail(tooMany(names.size()));
  Request request = requestOf(object, enabled ? Verb::Enable : Verb::Disable);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (const auto& name : names) {
    const auto status = manager_.get(name);
    if (!status) return job->reply->fail(unknownInstance(name));
    request.instance = name;
    request.user = status->user;
    request.owner = status->uid;
    job->requests.push_back(request);
  }
  job->names = std::move(names);
  authoriseNext(authorizer_, manager_, job);
}

void BusMethods::runMany(const sdbus::IObject& object, Verb verb, Operation operation, std::vector<std::string> names,
                         sdbus::Result<OutcomeList>&& result) {
  auto reply = std::make_shared<Reply<OutcomeList>>(connection_, std::move(result));
  if (names.size() > kMostNames) return reply->fail(tooMany(names.size()));
  std::unordered_set<std::string> taken;
  std::erase_if(names, [&taken](const std::string& name) { return !taken.insert(name).second; });
  std::make_shared<Bulk>(calls_, authorizer_, manager_, operation, requestOf(object, verb), std::move(names),
                         std::move(reply))
      ->pump();
}

void BusMethods::create(const sdbus::IObject& object, const std::string& name, const PropertyMap& properties,
                        sdbus::Result<sdbus::ObjectPath>&& result) {
  auto converted = toProperties(properties);
  guarded(object, Verb::Create, name, std::move(result), [this, name, converted](const auto& reply) {
    if (!converted) return reply->fail(converted.error());
    calls_.run(answer(manager_.create(name, *converted), reply, sdbus::ObjectPath{instancePath(name)}));
  });
}

void BusMethods::change(const sdbus::IObject& object, const std::string& name, const PropertyMap& properties,
                        sdbus::Result<>&& result) {
  auto converted = toProperties(properties);
  guarded(object, Verb::Change, name, std::move(result), [this, name, converted](const auto& reply) {
    if (!converted) return reply->fail(converted.error());
    calls_.run(answer(manager_.setProperties(name, *converted), reply));
  });
}

void BusMethods::remove(const sdbus::IObject& object, const std::string& name, bool purge, sdbus::Result<>&& result) {
  guarded(object, Verb::Remove, name, std::move(result),
          [this, name, purge](const auto& reply) { calls_.run(answer(manager_.remove(name, purge), reply)); });
}

void BusMethods::reload(const sdbus::IObject& object, sdbus::Result<ChangeList>&& result) {
  guarded(object, Verb::ReloadManager, "", std::move(result), [this](const auto& reply) {
    calls_.run(answerWith(manager_.reloadAll(false), reply,
                          [](auto& to, const auto& report) { to.send(toList(report.changes)); }));
  });
}

void BusMethods::check(const sdbus::IObject& object, const std::string& name,
                       sdbus::Result<std::vector<std::string>>&& result) {
  guarded(object, Verb::Reload, name, std::move(result), [this, name](const auto& reply) {
    calls_.run(answerWith(manager_.check(name), reply, [](auto& to, const auto& warnings) {
      std::vector<std::string> texts;
      for (const auto& text : warnings) texts.push_back(core::toUtf8(text));
      to.send(texts);
    }));
  });
}

void BusMethods::plan(const sdbus::IObject& object, sdbus::Result<ChangeList, ComplaintList, ComplaintList>&& result) {
  guarded(object, Verb::PlanReload, "", std::move(result), [this](const auto& reply) {
    calls_.run(answerWith(manager_.reloadAll(true), reply, [](auto& to, const auto& report) {
      to.send(toList(report.changes), toList(report.refused), toList(report.warnings));
    }));
  });
}

void BusMethods::reexecute(const sdbus::IObject& object, sdbus::Result<>&& result) {
  guarded(object, Verb::Reexecute, "", std::move(result),
          [this](const auto& reply) { calls_.run(answer(manager_.reexecute(), reply)); });
}

void BusMethods::failureDetails(const sdbus::IObject& object, const std::string& name,
                                sdbus::Result<std::string>&& result) {
  guarded(object, Verb::ReadFailure, name, std::move(result), [this, name](const auto& reply) {
    const auto status = manager_.get(name);
    if (!status) return reply->fail(unknownInstance(name));
    reply->send(core::toUtf8(status->details));
  });
}

void BusMethods::complaints(const sdbus::IObject& object, bool refused, sdbus::Result<ComplaintList>&& result) {
  guarded(object, Verb::ReadComplaints, "", std::move(result), [this, refused](const auto& reply) {
    reply->send(toList(refused ? manager_.refused() : manager_.warnings()));
  });
}

void BusMethods::programLog(const sdbus::IObject& object, const std::string& name, const std::string& program,
                            sdbus::Result<std::string>&& result) {
  guarded(object, Verb::ReadFailure, name, std::move(result), [this, name, program](const auto& reply) {
    calls_.run(answerWith(manager_.programLog(name, program), reply,
                          [](auto& to, const std::string& text) { to.send(core::toUtf8(text)); }));
  });
}

ProgramCounts BusMethods::programCounts() const {
  ProgramCounts counts;
  for (const auto& one : manager_.list())
    if (one.programsTold) counts[one.name] = one.programCounts;
  return counts;
}

ProgramList BusMethods::programs(const std::string& name) const {
  if (!manager_.get(name)) throw noSuchInstance(unknownInstance(name).message);
  ProgramList list;
  for (const auto& program : manager_.programs(name))
    list.emplace_back(core::toUtf8(program.name), core::toUtf8(program.state), static_cast<std::uint32_t>(program.pid),
                      core::toUtf8(program.description));
  return list;
}

}  // namespace bus
