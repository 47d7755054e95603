// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "ctl/supervisor-manager/changes.hpp"
#include "ctl/supervisor-manager/editor.hpp"
#include "ctl/supervisor-manager/external.hpp"
#include "ctl/supervisor-manager/json.hpp"
#include "ctl/supervisor-manager/outcomes.hpp"
#include "ctl/supervisor-manager/output.hpp"
#include "ctl/supervisor-manager/verbs.hpp"
#include "lib/core/terminal_text.hpp"
#include "lib/core/text.hpp"

namespace manager {

namespace {

/// The "key=value" arguments from `first` on; nullopt after a message if one is not of that form.
std::optional<EntryKeys> settingsFrom(Session& session, std::size_t first) {
  EntryKeys settings;
  for (std::size_t i = first; i < session.options.arguments.size(); ++i) {
    const std::string& word = session.options.arguments[i];
    const auto equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
      session.fail(Misused, fmt::format("'{}' is not KEY=VALUE, such as user=tsup", word));
      return std::nullopt;
    }
    settings[std::string(core::trim(word.substr(0, equals)))] = core::trim(word.substr(equals + 1));
  }
  return settings;
}

ExitCode done(Session& session, const std::string& name, const char* what) {
  Outcomes outcomes(session);
  outcomes.done(name, what);
  return outcomes.finish();
}

/// Opens the whole file in an editor. The manager reads the result with plan() first; if it refuses it, the previous
/// text is restored before anything is applied.
ExitCode editFile(Session& session, const InstanceRow& row) {
  if (!session.options.host.empty())
    return session.fail(Misused, "Cannot edit a file on another host; give KEY=VALUE arguments");
  const auto properties = session.client()->instanceProperties(row.path);
  if (!properties) return session.fail(properties.error(), row.name);
  EntryEdit edit(textOf(*properties, "EntryFile"));
  const auto changed = edit.run();
  if (!changed) return session.fail(Denied, changed.error().text);
  if (!*changed) return done(session, row.name, "not changed");
  const auto plan = session.client()->plan();
  if (!plan) {
    edit.undo();
    return session.fail(plan.error());
  }
  for (const auto& one : plan->refused)
    if (one.file == edit.file()) session.fail(Failed, toText(one));
  if (session.code() != Success) {
    edit.undo();
    return session.fail(Failed,
                        fmt::format("The previous text of {} is restored; yours is in {}", edit.file(), edit.draft()));
  }
  edit.keep();
  const auto applied = session.client()->reload();
  if (!applied) return session.fail(applied.error());
  for (const auto& one : *applied)
    if (one.instance == row.name && hasFailed({one})) return session.fail(Failed, toText({one}));
  return done(session, row.name, "changed");
}

}  // namespace

ExitCode create(Session& session) {
  const auto settings = settingsFrom(session, 1);
  auto* client = settings ? session.client() : nullptr;
  if (!client) return session.code();
  const std::string& name = session.options.arguments.front();
  if (const auto failure = client->run(Call{"CreateInstance", {name, *settings}})) return session.fail(*failure, name);
  return done(session, name, "created");
}

ExitCode edit(Session& session) {
  const auto row = session.find(session.options.arguments.front());
  if (!row) return session.code();
  if (session.options.arguments.size() == 1) return editFile(session, *row);
  const auto settings = settingsFrom(session, 1);
  if (!settings) return session.code();
  if (const auto failure = session.client()->run(Call{"SetInstanceProperties", {row->name, *settings}}))
    return session.fail(*failure, row->name);
  return done(session, row->name, "changed");
}

ExitCode remove(Session& session) {
  const auto rows = session.select(session.options.arguments);
  if (rows.empty()) return session.code();
  std::vector<Call> calls;
  for (const auto& row : rows) calls.push_back({"RemoveInstance", {row.name, session.options.purge}});
  Outcomes outcomes(session);
  runAll(session, namesOf(rows), calls, session.options.purge ? "removed with its logs and programs" : "removed",
         outcomes);
  return outcomes.finish();
}

ExitCode plan(Session& session) {
  auto* client = session.client();
  if (!client) return session.code();
  const auto plan = client->plan();
  if (!plan) return session.fail(plan.error());
  if (!plan->refused.empty() || hasFailed(plan->changes)) session.note(Failed);
  if (session.options.json) {
    print(json::planText(*plan) + "\n");
    return session.code();
  }
  std::string text = toText(plan->changes);
  if (plan->changes.empty() && !session.options.quiet) text += "Nothing to do\n";
  printPaged(session.options, text);
  for (const auto& one : plan->warnings) complain("warning: " + toText(one));
  for (const auto& one : plan->refused) complain("refused: " + toText(one));
  return session.code();
}

ExitCode verify(Session& session) {
  const auto& options = session.options;
  if (!options.host.empty()) return becomeRemote(session, {"verify"});
  std::vector<std::string> words{ownProgram("supervisor-managerd"), "--verify"};
  if (!options.root.empty()) words.insert(words.end(), {"--root", options.root});
  return become(session, words);
}

}  // namespace manager
