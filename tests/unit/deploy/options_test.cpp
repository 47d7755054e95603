// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "ctl/deploy/options.hpp"

using deploy::parseOptions;
using deploy::Source;
using Words = std::vector<std::string>;

namespace {

/// With an action and a source.
deploy::Options parsed(Words words) {
  words.insert(words.end(), {"--src", "app.yml", "--action", "deploy"});
  const auto options = parseOptions(words);
  REQUIRE_MESSAGE(options.has_value(), options.error().text);
  return *options;
}

std::string mistake(const Words& words) {
  const auto options = parseOptions(words);
  REQUIRE_FALSE(options.has_value());
  return options.error().text;
}

}  // namespace

TEST_CASE("sources keep the order of the command line") {
  const auto options = parseOptions({"--src", "a.yml", "--var=x=1", "--src=b.yml", "--action", "deploy"});
  REQUIRE(options);
  REQUIRE(options->sources.size() == 3);
  CHECK(options->sources[0].text == "a.yml");
  CHECK(options->sources[1].kind == Source::Kind::Variable);
  CHECK(options->sources[1].text == "x=1");
  CHECK(options->sources[2].kind == Source::Kind::File);
  CHECK(options->sources[2].text == "b.yml");
}

TEST_CASE("every option in HADeploy's spelling and in ours") {
  for (const char* word : {"--askVaultPassword", "--askVaultPass", "--ask-vault-pass", "--ask-vault-password"})
    CHECK(parsed({word}).askVaultPassword);
  for (const char* word : {"--dryRun", "--dry-run", "--check"}) CHECK(parsed({word}).check);
  for (const char* word : {"--vaultPasswordFile", "--vault-password-file"})
    CHECK(parsed({word, "f"}).vaultPasswordFile == "f");
  for (const char* word : {"--workingFolder", "--working-folder"}) CHECK(parsed({word, "f"}).workingFolder == "f");
  for (const char* word : {"--loggingConf", "--logging-conf"}) CHECK(parsed({word, "f"}).loggingConf == "f");
  for (const char* word : {"--noScope", "--no-scope"}) CHECK(parsed({word, "users"}).excludedScopes == Words{"users"});
  for (const char* word : {"--askBecomePass", "--ask-become-pass"}) CHECK(parsed({word}).askBecomePassword);
  CHECK(parsed({"--diff"}).diff);
  CHECK(parsed({"--keep"}).keep);
  CHECK(parsed({"--json"}).json);
  CHECK(parsed({"--purge"}).purge);
  CHECK(parsed({"--prune"}).prune);
  CHECK(parsed({"--forks=7"}).forks == 7);
  CHECK(parsed({"--v"}).verbosity == 1);
  CHECK(parsed({"--vv"}).verbosity == 2);
  CHECK(parsed({"--vvv"}).verbosity == 3);
}

TEST_CASE("without an option nothing is on") {
  const auto options = parsed({});
  CHECK_FALSE(options.check);
  CHECK_FALSE(options.diff);
  CHECK_FALSE(options.json);
  CHECK_FALSE(options.keep);
  CHECK_FALSE(options.purge);
  CHECK(options.verbosity == 0);
  CHECK(options.limit.empty());
}

TEST_CASE("lists have commas, and the option may be repeated") {
  const auto options = parsed({"--scope", "users, files", "--scope=en1", "--limit", "en1,en2"});
  CHECK(options.scopes == Words{"users", "files", "en1"});
  CHECK(options.limit == Words{"en1", "en2"});
}

TEST_CASE("our actions may be in capitals, others are as they are written") {
  CHECK(parseOptions({"--src", "a", "--action", "DEPLOY"})->action == "deploy");
  CHECK(parseOptions({"--src", "a", "--action", "NONE"})->action == "none");
  CHECK(parseOptions({"--src", "a", "--action", "Deploy"})->action == "Deploy");
  CHECK(parseOptions({"--src", "a", "--action", "BACKUP"})->action == "BACKUP");
}

TEST_CASE("mistakes") {
  CHECK(mistake({"--action", "deploy"}) == "No source is given. Name an application file: --src app.yml");
  CHECK(mistake({"--src", "a"}) ==
        "No action is given. Use --action with one of deploy, remove, start, stop, status, dump, dumpvars, none.");
  CHECK(mistake({"--acton", "deploy"}) == "Unknown option --acton. Did you mean --action?");
  CHECK(mistake({"--dry-rum"}) == "Unknown option --dry-rum. Did you mean --dry-run?");
  CHECK(mistake({"--xyzzy"}) == "Unknown option --xyzzy.");
  CHECK(mistake({"--src"}) == "--src requires a value: --src FILE");
  CHECK(mistake({"--src="}) == "--src requires a value: --src FILE");
  CHECK(mistake({"--json=yes"}) == "--json does not take a value.");
  CHECK(mistake({"--forks", "0"}) == "--forks requires a number from 1 to 1000, not '0'.");
  CHECK(mistake({"app.yml"}) == "Unexpected argument 'app.yml'. A source is given as --src app.yml");
}

TEST_CASE("help and version need nothing else") {
  CHECK(parseOptions({"--help"})->help);
  CHECK(parseOptions({"-h"})->help);
  CHECK(parseOptions({"--version"})->version);
}
