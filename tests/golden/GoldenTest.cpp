//===- GoldenTest.cpp - The reference interpreter against NumPy -----------===//
//
// data/*.json come from generate.py, which shares nothing with the compiler.
//
//===----------------------------------------------------------------------===//
#include "scanc/Compile.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>
#include <sstream>

using namespace scanc;

namespace {

class Golden : public testing::TestWithParam<const char *> {};

TEST_P(Golden, theInterpreterGivesNumPysValues) {
  std::ifstream program(std::string(SCANC_PROGRAMS) + "/" + GetParam() + ".scan");
  std::stringstream text;
  text << program.rdbuf();
  std::ifstream stream(std::string(SCANC_GOLDEN) + "/" + GetParam() + ".json");
  ASSERT_TRUE(stream.good());
  nlohmann::json data = nlohmann::json::parse(stream);
  auto parameters = signature(text.str());
  ASSERT_TRUE(parameters) << render(parameters.error());
  std::vector<std::vector<char>> storage;
  std::vector<TensorRef> operands;
  for (const Parameter &parameter : *parameters) {
    bool input = parameter.role == Parameter::Role::input;
    const nlohmann::json &tensor = data[input ? "inputs" : "results"][parameter.name];
    TensorRef ref;
    ref.dtype = parameter.dtype;
    ref.sizes = tensor["sizes"].get<std::vector<std::int64_t>>();
    std::vector<double> values = tensor["values"].get<std::vector<double>>();
    storage.emplace_back(values.size() * sizeOf(ref.dtype));
    ref.data = storage.back().data();
    for (std::size_t i = 0; input && i < values.size(); ++i) {
      storeElement(static_cast<char *>(ref.data) + i * sizeOf(ref.dtype), ref.dtype, values[i]);
      ASSERT_EQ(loadElement(static_cast<char *>(ref.data) + i * sizeOf(ref.dtype), ref.dtype),
                values[i]);
    }
    operands.push_back(ref);
  }
  auto results = evaluateReference(text.str(), operands);
  ASSERT_TRUE(results) << render(results.error());
  std::size_t k = 0;
  for (const Parameter &parameter : *parameters) {
    if (parameter.role != Parameter::Role::output)
      continue;
    std::vector<double> expected =
        data["results"][parameter.name]["values"].get<std::vector<double>>();
    const ReferenceTensor &got = (*results)[k++];
    ASSERT_EQ(got.values.size(), expected.size());
    // Both compute in f64; some hundred operations in another order.
    for (std::size_t i = 0; i < expected.size(); ++i)
      ASSERT_NEAR(got.values[i], expected[i], 1e-13 * (1 + std::fabs(expected[i]))) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Programs, Golden,
                         testing::Values("gated_scan", "inter_chunk", "dense", "selective_scan",
                                         "gla", "gated_delta", "gated_layer"),
                         [](const auto &info) { return std::string(info.param); });

} // namespace
