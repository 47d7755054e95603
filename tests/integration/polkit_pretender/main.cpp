// SPDX-License-Identifier: MIT
// Answers as polkit's authority would, always the same, and prints what it was asked, one line for each question:
//
//   polkit-pretender ADDRESS yes|no|challenge|late|mute
//
//   ACTION FLAGS KEY=VALUE...        details in the order of their keys; FLAGS 1: the user may be asked
//
// "challenge" refuses unless the user may be asked; "late" answers yes to a question when the next one arrives; "mute"
// never answers.
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "dbus/sdbus_compat.hpp"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string answer = argv[2];
  const auto connection = bus::connectTo(argv[1]);
  const auto authority = sdbus::createObject(*connection, sdbus::ObjectPath{"/org/freedesktop/PolicyKit1/Authority"});
  using Subject = sdbus::Struct<std::string, std::map<std::string, sdbus::Variant>>;
  using Details = std::map<std::string, std::string>;
  using Verdict = sdbus::Struct<bool, bool, Details>;
  std::vector<sdbus::Result<Verdict>> unanswered;
  authority->registerMethod("CheckAuthorization")
      .onInterface("org.freedesktop.PolicyKit1.Authority")
      .implementedAs([&](sdbus::Result<Verdict>&& result, const Subject& subject, const std::string& action,
                         const Details& details, std::uint32_t flags, const std::string&) {
        std::string line = action + " " + std::to_string(flags);
        for (const auto& [key, value] : details) line += " " + key + "=" + value;
        std::printf("%s\n", line.c_str());
        std::fflush(stdout);
        const bool wellFormed = std::get<0>(subject) == "system-bus-name" && std::get<1>(subject).count("name");
        if (answer == "mute") return unanswered.push_back(std::move(result));
        if (answer == "late") {
          for (const auto& earlier : unanswered) earlier.returnResults(Verdict{true, false, Details{}});
          unanswered.clear();
          return unanswered.push_back(std::move(result));
        }
        const bool challenged = answer == "challenge";
        const bool allowed = wellFormed && (answer == "yes" || (challenged && flags == 1));
        result.returnResults(Verdict{allowed, challenged, Details{}});
      });
  authority->finishRegistration();
  connection->requestName("org.freedesktop.PolicyKit1");
  std::puts("ready");
  std::fflush(stdout);
  connection->enterEventLoop();
}
