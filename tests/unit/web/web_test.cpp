// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <unistd.h>

#include "instance/web/assets.hpp"
#include "instance/web/origin.hpp"
#include "instance/web/page.hpp"
#include "instance/web/usage.hpp"

namespace {

http::Request request(std::string method, std::vector<std::pair<std::string, std::string>> headers) {
  http::Request r;
  r.method = std::move(method);
  r.uri = "/index.html?action=stopall";
  r.headers = std::move(headers);
  return r;
}

}  // namespace

TEST_CASE("text from a log or a URL cannot become markup") {
  CHECK(web::escape("<script>\"'&\x1b[0m") == "&lt;script&gt;&quot;&#39;&amp;\xEF\xBF\xBD[0m");
  CHECK(web::quote("web:a b/\xC3\xA9") == "web%3Aa%20b/%C3%A9");
  const auto page = web::composePage({"<t>", "<i>", "<m>", "1"}, "");
  CHECK(page.find("<t>") == std::string::npos);
  CHECK(page.find("<i>") == std::string::npos);
  CHECK(page.find("<m>") == std::string::npos);
}

TEST_CASE("an action needs our token, our page, or a client that is not a browser") {
  using web::judge;
  using web::OriginCheck;
  const std::pair<std::string, std::string> host{"Host", "box:9001"}, browser{"User-Agent", "Mozilla/5.0 (X11)"};
  CHECK(judge(request("POST", {host, browser, {"Origin", "http://evil"}}), true) == OriginCheck::Allow);
  CHECK(judge(request("POST", {host, browser, {"Origin", "http://box:9001"}}), false) == OriginCheck::Allow);
  CHECK(judge(request("POST", {host, browser, {"Origin", "http://evil"}}), false) == OriginCheck::Refuse);
  CHECK(judge(request("POST", {host, browser, {"Origin", "null"}}), false) == OriginCheck::Refuse);
  CHECK(judge(request("GET", {host, browser, {"Referer", "http://evil/box:9001"}}), false) == OriginCheck::Confirm);
  CHECK(judge(request("GET", {host, browser, {"Referer", "http://box:9001/"}}), false) == OriginCheck::Allow);
  CHECK(judge(request("GET", {host, browser, {"Sec-Fetch-Site", "cross-site"}}), false) == OriginCheck::Confirm);
  CHECK(judge(request("GET", {host, browser, {"Sec-Fetch-Site", "none"}}), false) == OriginCheck::Allow);
  CHECK(judge(request("GET", {host, browser}), false) == OriginCheck::Confirm);
  CHECK(judge(request("POST", {host, browser}), false) == OriginCheck::Refuse);
  CHECK(judge(request("GET", {host, {"User-Agent", "curl/7.88"}}), false) == OriginCheck::Allow);
  CHECK(judge(request("GET", {host}), false) == OriginCheck::Allow);
  CHECK(web::fromAnotherSite(request("POST", {host, {"Origin", "http://evil"}})));
  CHECK_FALSE(web::fromAnotherSite(request("POST", {host})));
}

TEST_CASE("another site may link to us, but not embed our pages") {
  using Fields = std::vector<std::pair<std::string, std::string>>;
  const auto embedded = [](Fields fields) { return web::embeddedElsewhere(request("GET", std::move(fields))); };
  const std::pair<std::string, std::string> elsewhere{"Sec-Fetch-Site", "cross-site"};
  CHECK(embedded({{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", "no-cors"}, {"Sec-Fetch-Dest", "script"}}));
  CHECK(embedded({{"Sec-Fetch-Site", "same-site"}, {"Sec-Fetch-Mode", "cors"}, {"Sec-Fetch-Dest", "empty"}}));
  CHECK(embedded({{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", "navigate"}, {"Sec-Fetch-Dest", "iframe"}}));
  CHECK_FALSE(embedded({elsewhere, {"Sec-Fetch-Mode", "navigate"}, {"Sec-Fetch-Dest", "document"}}));
  CHECK_FALSE(embedded({{"Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Mode", "cors"}, {"Sec-Fetch-Dest", "empty"}}));
  CHECK_FALSE(embedded({{"Sec-Fetch-Site", "none"}, {"Sec-Fetch-Mode", "navigate"}, {"Sec-Fetch-Dest", "document"}}));
  CHECK_FALSE(embedded({{"Referer", "http://wiki/"}}));
  CHECK_FALSE(embedded({}));
}

TEST_CASE("tokens are long, new each time, and compared completely") {
  const auto token = web::makeToken();
  CHECK(token.size() == 32);
  CHECK(token != web::makeToken());
  CHECK(web::sameToken(token, token));
  CHECK_FALSE(web::sameToken("", token));
  CHECK_FALSE(web::sameToken(token.substr(1), token));
}

TEST_CASE("a form's value has precedence over the query's") {
  auto r = request("POST", {});
  r.uri = "/index.html?action=start&processname=a";
  r.body = "action=stop";
  CHECK(http::parameter(r, "action") == "stop");
  CHECK(http::parameter(r, "processname") == "a");
  CHECK_FALSE(http::parameter(r, "token").has_value());
}

TEST_CASE("a running process uses memory, and has a share of a core from the second measurement on") {
  web::UsageSampler sampler;
  const auto first = sampler.sample(::getpid());
  REQUIRE(first.has_value());
  CHECK(first->memory > 0);
  CHECK_FALSE(first->cpuPercent.has_value());
  CHECK(sampler.sample(::getpid())->cpuPercent.has_value());
  sampler.forgetBefore(core::Clock::now());
  CHECK_FALSE(sampler.sample(::getpid())->cpuPercent.has_value());
  sampler.forgetBefore({});
  CHECK(sampler.sample(::getpid())->cpuPercent.has_value());
  CHECK_FALSE(sampler.sample(0x7ffffff0).has_value());
}

TEST_CASE("the scripts, the style and the icon are part of the program") {
  CHECK(web::assets().size() == 5);
  for (const auto& asset : web::assets()) CHECK_FALSE(asset.content.empty());
}
