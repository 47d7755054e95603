// SPDX-License-Identifier: MIT
#include "instance/web/log_choice.hpp"

#include "instance/api/names.hpp"
#include "instance/output/rotating_file.hpp"
#include "instance/process/process.hpp"
#include "instance/web/page.hpp"

namespace web {

std::string LogChoice::path() const { return log ? log->path() : std::string(); }

std::string LogChoice::query() const {
  if (activity) return "log=activity";
  return "processname=" + quote(name) + (channel == process::Channel::Stderr ? "&channel=stderr" : "");
}

LogChoice chooseLog(const process::Table& table, output::RotatingFile* activity, const http::Request& request) {
  LogChoice choice;
  if (parameter(request, "log") == "activity") {
    choice.activity = true;
    choice.log = activity;
    return choice;
  }
  choice.name = parameter(request, "processname").value_or("");
  if (parameter(request, "channel") == "stderr") choice.channel = process::Channel::Stderr;
  // A name that does not exist is not an error here: the page reports it.
  if (const auto program = api::findProgram(table, choice.name)) choice.program = *program;
  if (choice.program) {
    choice.program->catchUp(choice.channel);
    choice.log = choice.program->log(choice.channel);
  }
  return choice;
}

}  // namespace web
