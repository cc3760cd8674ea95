//===- BundleTest.cpp - Programs as text, whole or damaged ----------------===//
#include "Sample.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <functional>

namespace scanc {
namespace {

using testing::sampleProgram;
using testing::workspaceProgram;

Program fullProgram() {
  Program program = workspaceProgram();
  program.entries.push_back({"step", {LibraryCall{"cublasLt", "matmul", {"x", "w"}}}});
  std::get<KernelStep>(program.entries[0].steps[0]).variants[0].machineCode = {
      {"sm_90a", "0123", std::string("\x7F" "ELF\0\xFF", 6)}, {"sm_80", "", ""}};
  program.sourceText += "# quotes \" and \\ and \n tabs \t and ü";
  return program;
}

/// The bundle with `edit` applied to its JSON, marked as edited by hand.
std::string edited(const std::function<void(nlohmann::ordered_json &)> &edit) {
  auto json = nlohmann::ordered_json::parse(toBundle(fullProgram()));
  json["checksum"] = "edited";
  edit(json);
  return json.dump();
}

std::string codeOf(std::string_view text) {
  Result<Program> program = fromBundle(text);
  return program ? "" : program.error().code;
}

TEST(Bundle, round_trip) {
  Program program = fullProgram();
  program.parameters.back().updates = "x";
  Result<Program> again = fromBundle(toBundle(program));
  ASSERT_TRUE(again) << render(again.error());
  EXPECT_TRUE(*again == program);
}

MachineCode &codeOf(Program &program) {
  return std::get<KernelStep>(program.entries[0].steps[0]).variants[0].machineCode[0];
}

TEST(Bundle, equality_sees_every_field) {
  const std::function<void(Program &)> changes[] = {
      [](Program &p) { p.name += "x"; },
      [](Program &p) { p.strategy += "x"; },
      [](Program &p) { p.parameters[0].name += "x"; },
      [](Program &p) { p.parameters[0].role = Parameter::Role::output; },
      [](Program &p) { p.parameters[0].dtype = Dtype::f16; },
      [](Program &p) { p.parameters[0].dims[0] += "x"; },
      [](Program &p) { p.parameters[0].place.file += "x"; },
      [](Program &p) { p.parameters[0].place.line++; },
      [](Program &p) { p.parameters[0].place.column++; },
      [](Program &p) { p.parameters[0].place.length++; },
      [](Program &p) { p.parameters[0].updates = "x"; },
      [](Program &p) { p.parameters.pop_back(); },
      [](Program &p) { p.boundSizes["N"]++; },
      [](Program &p) { p.entries[0].name += "x"; },
      [](Program &p) { codeOf(p).architecture += "x"; },
      [](Program &p) { codeOf(p).madeOf += "x"; },
      [](Program &p) { codeOf(p).cubin += "x"; },
      [](Program &p) { p.entries[0].steps.pop_back(); },
      [](Program &p) { p.entries[0].steps[1] = LibraryCall{}; },
      [](Program &p) { std::get<LibraryCall>(p.entries[1].steps[0]).library += "x"; },
      [](Program &p) { std::get<LibraryCall>(p.entries[1].steps[0]).function += "x"; },
      [](Program &p) { std::get<LibraryCall>(p.entries[1].steps[0]).operands.pop_back(); },
      [](Program &p) { p.workspace[0].name += "x"; },
      [](Program &p) { p.workspace[0].bytes += "0"; },
      [](Program &p) { p.workspace[0].alignment *= 2; },
      [](Program &p) { p.workspace[0].zeroed = true; },
      [](Program &p) { p.workspace[0].restored = true; },
      [](Program &p) { p.headers["scanc/scale.cuh"] += "x"; },
      [](Program &p) { p.promises.deterministic = false; },
      [](Program &p) { p.promises.errorBound += "x"; },
      [](Program &p) { p.planText += "x"; },
      [](Program &p) { p.sourceText += "x"; },
  };
  const std::function<void(KernelVariant &)> variantChanges[] = {
      [](KernelVariant &v) { v.name += "x"; },
      [](KernelVariant &v) { v.source += "x"; },
      [](KernelVariant &v) { v.launches[0].entry += "x"; },
      [](KernelVariant &v) { v.requires_.pop_back(); },
      [](KernelVariant &v) { v.launches[0].grid[2] = "2"; },
      [](KernelVariant &v) { v.launches[0].block[2] = 2; },
      [](KernelVariant &v) { v.launches[0].sharedBytes = "1"; },
      [](KernelVariant &v) { v.launches[0].cluster[1] = 2; },
      [](KernelVariant &v) { v.launches[0].dependent = true; },
      [](KernelVariant &v) { v.launches.push_back(v.launches[0]); },
      [](KernelVariant &v) { v.arguments.pop_back(); },
      [](KernelVariant &v) { v.maps.push_back({}); },
  };
  auto differs = [](const Program &changed) {
    Result<Program> again = fromBundle(toBundle(changed));
    return !(changed == fullProgram()) && again && *again == changed;
  };
  for (std::size_t i = 0; i < std::size(changes); ++i) {
    Program changed = fullProgram();
    changes[i](changed);
    EXPECT_TRUE(differs(changed)) << "change " << i;
  }
  for (std::size_t i = 0; i < std::size(variantChanges); ++i) {
    Program changed = fullProgram();
    variantChanges[i](std::get<KernelStep>(changed.entries[0].steps[0]).variants[0]);
    EXPECT_TRUE(differs(changed)) << "change of a variant " << i;
  }
}

TEST(Bundle, every_bit_flip_is_an_error) {
  Program small;
  small.name = "k";
  small.sourceText = "text";
  std::string text = toBundle(small);
  for (std::size_t i = 0; i < text.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = text;
      damaged[i] = static_cast<char>(damaged[i] ^ 1 << bit);
      EXPECT_EQ(codeOf(damaged).substr(0, 3), "SC7") << "byte " << i << " bit " << bit;
    }
}

TEST(Bundle, every_truncation_is_an_error) {
  std::string text = toBundle(fullProgram());
  for (std::size_t length = 0; length < text.size(); ++length)
    EXPECT_EQ(codeOf(text.substr(0, length)).substr(0, 3), "SC7") << length;
}

TEST(Bundle, sc7001_no_bundle) {
  for (const char *text : {"", "kernel k(x: f32[T])", "[]", "3", "{}", "{\"format\": 3}",
                           "{\"format\": \"other\"}", "null"})
    EXPECT_EQ(codeOf(text), "SC7001") << text;
}

TEST(Bundle, sc7002_checksum) {
  std::string text = toBundle(fullProgram());
  text.replace(text.find("sequential"), 10, "blelloch!!");
  EXPECT_EQ(codeOf(text), "SC7002");
  // Laid out anew: the same values, other bytes.
  EXPECT_EQ(codeOf(nlohmann::ordered_json::parse(toBundle(fullProgram())).dump()), "SC7002");
}

TEST(Bundle, edited_by_hand_is_accepted_when_it_says_so) {
  Result<Program> program =
      fromBundle(edited([](auto &json) { json["program"]["name"] = "mine"; }));
  ASSERT_TRUE(program) << render(program.error());
  EXPECT_EQ(program->name, "mine");
}

TEST(Bundle, machine_code_of_every_length_comes_back) {
  Program program = fullProgram();
  for (int length = 0; length < 70; ++length) {
    std::string &cubin = codeOf(program).cubin;
    cubin.clear();
    for (int i = 0; i < length; ++i)
      cubin += static_cast<char>(i * 37 + length);
    Result<Program> again = fromBundle(toBundle(program));
    ASSERT_TRUE(again);
    EXPECT_EQ(codeOf(*again).cubin, cubin);
  }
  for (const char *wrong : {"A", "AA", "AAA", "A===", "AB==", "AA=A", "A A=", "\u00fc=="})
    EXPECT_EQ(codeOf(edited([&](auto &json) {
                json["program"]["entries"][0]["steps"][0]["variants"][0]["machineCode"][0]["cubin"] = wrong;
              })),
              "SC7004")
        << wrong;
}

TEST(Bundle, sc7003_schema) {
  EXPECT_EQ(codeOf(edited([](auto &json) { json["schema"] = 1; })), "SC7003");
  EXPECT_EQ(codeOf(edited([](auto &json) { json["schema"] = "1"; })), "SC7004");
}

/// Every place in `json`, as pointers.
void collect(const nlohmann::ordered_json &json, const std::string &at,
             std::vector<std::string> &places) {
  if (!at.empty())
    places.push_back(at);
  if (json.is_object())
    for (const auto &[name, value] : json.items()) {
      std::string escaped;
      for (char c : name)
        escaped += c == '/' ? "~1" : std::string(1, c);
      collect(value, at + "/" + escaped, places);
    }
  if (json.is_array())
    for (std::size_t i = 0; i < json.size(); ++i)
      collect(json[i], at + "/" + std::to_string(i), places);
}

TEST(Bundle, sc7004_every_missing_or_mistyped_field) {
  auto whole = nlohmann::ordered_json::parse(toBundle(fullProgram()));
  whole["checksum"] = "edited";
  std::vector<std::string> places;
  collect(whole["program"], "", places);
  ASSERT_GT(places.size(), 100u);
  for (const std::string &place : places) {
    nlohmann::ordered_json::json_pointer pointer("/program" + place);
    auto json = whole;
    json[pointer] = nullptr;
    EXPECT_EQ(codeOf(json.dump()), "SC7004") << place;
    json[pointer] = 1.5;
    EXPECT_EQ(codeOf(json.dump()), "SC7004") << place;
    auto parent = pointer;
    std::string name = parent.back();
    parent.pop_back();
    bool ofMap = place.find("/headers/") == 0 || place.find("/boundSizes/") == 0;
    if (json[parent].is_object() && !ofMap) {
      json[parent].erase(name);
      EXPECT_EQ(codeOf(json.dump()), "SC7004") << place;
    }
  }
}

TEST(Bundle, integers_beyond_64_bits_are_mistyped) {
  EXPECT_EQ(codeOf(edited(
                [](auto &json) { json["program"]["boundSizes"]["N"] = 18446744073709551615u; })),
            "SC7004");
}

TEST(Bundle, deep_nesting_does_not_exhaust_the_stack) {
  EXPECT_EQ(codeOf(std::string(1000000, '[')), "SC7001");
  std::string deep =
      "{\"format\":\"scanc-bundle\",\"schema\":3,\"checksum\":\"edited\",\"program\":";
  deep += std::string(200000, '[') + std::string(200000, ']') + "}";
  EXPECT_EQ(codeOf(deep), "SC7004");
}

TEST(Bundle, text_that_is_no_utf8_does_not_throw) {
  Program program = sampleProgram();
  program.sourceText = "# caf\xE9";
  Result<Program> again = fromBundle(toBundle(program));
  ASSERT_TRUE(again) << render(again.error());
  EXPECT_EQ(again->sourceText, "# caf\xEF\xBF\xBD");
}

} // namespace
} // namespace scanc
