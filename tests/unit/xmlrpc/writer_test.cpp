// SPDX-License-Identifier: MIT
#include "lib/xmlrpc/writer.hpp"

#include <doctest/doctest.h>

#include "lib/xmlrpc/message.hpp"
#include "lib/xmlrpc/struct_writer.hpp"

namespace {

template <class Call>
std::string written(Call call) {
  std::string out;
  xmlrpc::Writer writer(out);
  call(writer);
  return out;
}

std::string text(std::string_view value) {
  return written([value](auto& w) { w.string(value); });
}

}  // namespace

TEST_CASE("scalars") {
  CHECK(written([](auto& w) { w.integer(-5); }) == "<value><int>-5</int></value>");
  CHECK(written([](auto& w) { w.integer(5'000'000'000); }) == "<value><int>2147483647</int></value>");
  CHECK(written([](auto& w) { w.integer(-5'000'000'000); }) == "<value><int>-2147483648</int></value>");
  CHECK(written([](auto& w) { w.boolean(true); }) == "<value><boolean>1</boolean></value>");
  CHECK(written([](auto& w) { w.real(1); }) == "<value><double>1.0</double></value>");
  CHECK(written([](auto& w) { w.real(0.1); }) == "<value><double>0.1</double></value>");
  CHECK(written([](auto& w) { w.nil(); }) == "<value><nil/></value>");
}

TEST_CASE("texts: only & < > are escaped, characters that XML cannot carry are replaced") {
  CHECK(text("plain 'text' \"here\"\n") == "<value><string>plain 'text' \"here\"\n</string></value>");
  CHECK(text("a<b>&c") == "<value><string>a&lt;b&gt;&amp;c</string></value>");
  CHECK(text("\x1b[0m") == "<value><string>\xEF\xBF\xBD[0m</string></value>");
  CHECK(text("gr\xC3\xBC\xC3\x9F <") == "<value><string>gr\xC3\xBC\xC3\x9F &lt;</string></value>");
  CHECK(text("cut \xC3") == "<value><string>cut \xEF\xBF\xBD</string></value>");
  CHECK(text("\xEF\xBF\xBE") == "<value><string>\xEF\xBF\xBD</string></value>");
  CHECK(text(std::string_view("\0", 1)) == "<value><string>\xEF\xBF\xBD</string></value>");
}

TEST_CASE("arrays and structs close their elements") {
  CHECK(written([](auto& w) {
          w.beginStruct();
          w.endStruct();
        }) == "<value><struct></struct></value>");
  CHECK(written([](auto& w) {
          w.beginStruct();
          w.member("a");
          w.beginStruct();
          w.endStruct();
          w.member("b");
          w.string("<struct>");
          w.endStruct();
        }) ==
        "<value><struct><member><name>a</name><value><struct></struct></value></member>"
        "<member><name>b</name><value><string>&lt;struct&gt;</string></value></member></struct></value>");
}

TEST_CASE("the struct writer writes what the writer writes, with names of the source and of run time") {
  std::string out;
  xmlrpc::StructWriter members(out);
  members.text<"name">("a<b");
  members.number<"big">(std::int64_t{1} << 40);
  members.text(std::string("std") + "out", "");
  members.number("pid", -7);
  members.flag("inuse", true);
  members.value("codes", [](xmlrpc::Writer& writer) {
    writer.beginArray();
    writer.integer(2);
    writer.endArray();
  });
  members.end();
  CHECK(out == written([](auto& w) {
          w.beginStruct();
          w.member("name");
          w.string("a<b");
          w.member("big");
          w.integer(std::int64_t{1} << 40);
          w.member("stdout");
          w.string("");
          w.member("pid");
          w.integer(-7);
          w.member("inuse");
          w.boolean(true);
          w.member("codes");
          w.beginArray();
          w.integer(2);
          w.endArray();
          w.endStruct();
        }));
}

TEST_CASE("a struct without members") {
  std::string out;
  xmlrpc::StructWriter(out).end();
  CHECK(out == "<value><struct></struct></value>");
}

TEST_CASE("a response has Supervisor's frame") {
  CHECK(xmlrpc::composeResponse("<value><string>3.0</string></value>") ==
        "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value><string>3.0</string></value>\n</param>\n"
        "</params>\n</methodResponse>\n");
  CHECK(xmlrpc::composeFault(xmlrpc::makeFault(xmlrpc::FaultCode::BadName, "x")) ==
        "<?xml version='1.0'?>\n<methodResponse>\n<fault>\n<value><struct><member><name>faultCode</name>"
        "<value><int>10</int></value></member><member><name>faultString</name>"
        "<value><string>BAD_NAME: x</string></value></member></struct></value>\n</fault>\n</methodResponse>\n");
}
