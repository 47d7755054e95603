// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/shell.hpp"

#include <unistd.h>

#include <clocale>
#include <csignal>
#include <memory>
#include <optional>
#include <string>

#include "ctl/supervisorctl/command.hpp"
#include "ctl/supervisorctl/completion.hpp"
#include "ctl/supervisorctl/history_file.hpp"
#include "ctl/supervisorctl/line_editor.hpp"
#include "ctl/supervisorctl/session.hpp"
#include "lib/core/text.hpp"

namespace ctl {
namespace {

/// Ctrl-C while a command waits for the server: ends the shell, as it does at the prompt. Only async-signal-safe calls.
void leaveAtOnce(int) {
  static_cast<void>(!::write(STDOUT_FILENO, "\n", 1));
  ::_exit(0);
}

class Shell {
 public:
  explicit Shell(Session& session)
      : session_(session), prompt_(session.settings.prompt + "> "), history_(session.settings.historyFile) {
    if (::isatty(STDIN_FILENO) != 1 || !session_.out.isTerminal()) return;
    std::setlocale(LC_CTYPE, "");
    editor_ = LineEditor::make(prompt_, [this](std::string_view line) { return complete(line); });
    if (!editor_) return;
    for (const std::string& line : history_.load()) editor_->remember(line);
  }

  void run() {
    for (std::string line = "status"; !execute(line);) {
      session_.out.flush();
      if (!read(line)) return;
    }
  }

 private:
  bool execute(const std::string& line) {
    processes_.reset();
    return executeLine(session_, line);
  }

  /// Returns false after Ctrl-C. The end of the input is the line "EOF", which is a command in Supervisor.
  bool read(std::string& line) {
    const ReadResult result = editor_ ? editor_->readLine(line) : session_.keyboard.readLine(prompt_, line);
    if (result == ReadResult::End) line = "EOF";
    if (editor_ && result == ReadResult::Line && !core::trim(line).empty()) {
      editor_->remember(line);
      history_.append(line);
    }
    if (result == ReadResult::Interrupted) session_.out.line("");
    return result != ReadResult::Interrupted;
  }

  /// The names come from the server once per line at most: pressing Tab again must be fast.
  std::vector<std::string> complete(std::string_view line) {
    const CompletionRequest request = splitForCompletion(line);
    if (needsProcesses(request) && !processes_) {
      auto infos = session_.allProcesses();
      processes_ = infos ? std::move(infos).value() : std::vector<ProcessInfo>();
    }
    return candidates(request, processes_.value_or(std::vector<ProcessInfo>()));
  }

  Session& session_;
  std::string prompt_;
  HistoryFile history_;
  std::unique_ptr<LineEditor> editor_;
  std::optional<std::vector<ProcessInfo>> processes_;
};

}  // namespace

int runShell(Session& session) {
  struct sigaction action {};
  action.sa_handler = leaveAtOnce;
  ::sigaction(SIGINT, &action, nullptr);
  Shell(session).run();
  session.out.flush();
  return 0;
}

}  // namespace ctl
