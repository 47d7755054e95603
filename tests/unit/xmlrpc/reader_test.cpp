// SPDX-License-Identifier: MIT
#include "lib/xmlrpc/reader.hpp"

#include <doctest/doctest.h>

#include "lib/xmlrpc/message.hpp"

using xmlrpc::readRequest;
using xmlrpc::readResponse;

namespace {

std::string call(std::string_view value) {
  return "<?xml version='1.0'?><methodCall><methodName>a.b</methodName><params><param>" + std::string(value) +
         "</param></params></methodCall>";
}

xmlrpc::Value one(std::string_view value) {
  auto request = readRequest(call(value));
  REQUIRE_MESSAGE(request.has_value(), std::string(value));
  REQUIRE(request->params.size() == 1);
  return std::move(request->params.front());
}

std::string refusal(std::string_view xml, const xmlrpc::Limits& limits = {}) {
  auto request = readRequest(xml, limits);
  REQUIRE(!request.has_value());
  return request.error().text;
}

}  // namespace

TEST_CASE("a request without parameters") {
  for (const char* xml : {"<methodCall><methodName>x.y</methodName></methodCall>",
                          "<methodCall><methodName>x.y</methodName><params/></methodCall>"}) {
    auto request = readRequest(xml);
    REQUIRE(request.has_value());
    CHECK(request->method == "x.y");
    CHECK(request->params.empty());
  }
}

TEST_CASE("scalar types") {
  CHECK(*one("<value><int>-7</int></value>").integer() == -7);
  CHECK(*one("<value><i4> 7 </i4></value>").integer() == 7);
  CHECK(*one("<value><boolean>1</boolean></value>").boolean());
  CHECK_FALSE(*one("<value><boolean>true</boolean></value>").boolean());
  CHECK(*one("<value><double>2.5</double></value>").real() == 2.5);
  CHECK(*one("<value><string>a &lt; b</string></value>").string() == "a < b");
  CHECK(*one("<value> untyped </value>").string() == " untyped ");
  CHECK(*one("<value/>").string() == "");
  CHECK(*one("<value>\n <string>x</string>\n</value>").string() == "x");
  CHECK(*one("<value><base64>aGVs\nbG8=</base64></value>").string() == "hello");
  CHECK(*one("<value><i8>12</i8></value>").string() == "12");
  CHECK(std::holds_alternative<xmlrpc::Nil>(one("<value><nil/></value>").data));
}

TEST_CASE("arrays and structs nest") {
  const auto value = one(
      "<value><struct><member><name>list</name><value><array><data><value>a</value><value><int>1</int></value></data>"
      "</array></value></member><member><name>empty</name><value><struct/></value></member></struct></value>");
  REQUIRE(value.member("list") != nullptr);
  CHECK(value.member("list")->array()->size() == 2);
  CHECK(value.member("empty")->structure()->empty());
  CHECK(value.member("none") == nullptr);
}

TEST_CASE("of two members with one name the later is used") {
  const auto value = one(
      "<value><struct><member><name>a</name><value>1</value></member><member><name>a</name><value>2</value></member>"
      "</struct></value>");
  CHECK(*value.member("a")->string() == "2");
}

TEST_CASE("a text that is not a request is refused with a reason") {
  CHECK(refusal("") == "line 1: no element found");
  CHECK(refusal("<methodCall></methodCall>") == "no method name");
  CHECK(refusal("<html/>") == "line 1: <html> does not belong here");
  CHECK(refusal(call("<value><int>x</int></value>")) == "line 1: 'x' is not an integer");
  CHECK(refusal(call("<value><base64>?</base64></value>")) == "line 1: '?' is not base64");
  CHECK(refusal(call("<value><base64>/w==</base64></value>")).find("UTF-8") != std::string::npos);
  CHECK(refusal(call("<value><int>1</int><int>2</int></value>")).find("two types") != std::string::npos);
  CHECK(refusal("<!DOCTYPE x [<!ENTITY a 'b'>]><methodCall/>") == "line 1: a document type is not allowed");
  CHECK(refusal(call("<value>&a;</value>")).find("undefined entity") != std::string::npos);
}

TEST_CASE("limits") {
  std::string deep;
  for (int i = 0; i < 64; ++i) deep += "<value><array><data>";
  CHECK(refusal(call(deep + "<value/>")).find("nested deeper than 64") != std::string::npos);
  std::string many = "<value><array><data>";
  for (int i = 0; i < 10; ++i) many += "<value/>";
  many += "</data></array></value>";
  CHECK(readRequest(call(many), {1 << 20, 64, 11}).has_value());
  CHECK(refusal(call(many), {1 << 20, 64, 10}).find("more than 10 values") != std::string::npos);
  CHECK(refusal(call(many), {100, 64, 1000}).find("more than 100") != std::string::npos);
}

TEST_CASE("the reader reads the output of the writer") {
  xmlrpc::Struct members{{"a<b", xmlrpc::Value{std::string("x&y")}}, {"n", xmlrpc::Value{std::int64_t{3}}}};
  const xmlrpc::Array params{xmlrpc::Value{members}, xmlrpc::Value{true}, xmlrpc::Value{1.5},
                             xmlrpc::Value{xmlrpc::Array{xmlrpc::Value{xmlrpc::Nil{}}}}};
  auto request = readRequest(xmlrpc::composeRequest("ns.name", params));
  REQUIRE(request.has_value());
  CHECK(request->method == "ns.name");
  REQUIRE(request->params.size() == 4);
  CHECK(*request->params[0].member("a<b")->string() == "x&y");
  CHECK(*request->params[0].member("n")->integer() == 3);
  CHECK(*request->params[1].boolean());
  CHECK(*request->params[2].real() == 1.5);
}

TEST_CASE("responses: a value or a fault") {
  auto value = readResponse(xmlrpc::composeResponse("<value><int>4</int></value>"), {});
  REQUIRE(value.has_value());
  CHECK(*std::get<xmlrpc::Value>(*value).integer() == 4);
  const auto fault = xmlrpc::makeFault(xmlrpc::FaultCode::NoFile, "f");
  auto refused = readResponse(xmlrpc::composeFault(fault), {});
  REQUIRE(refused.has_value());
  CHECK(std::get<xmlrpc::Fault>(*refused) == fault);
  CHECK(!readResponse("<methodResponse><params/></methodResponse>", {}).has_value());
}
