//===- GoldenTest.cpp - The reference interpreter against NumPy -----------===//
//
// data/*.json come from generate.py, which shares nothing with the compiler.
//
//===----------------------------------------------------------------------===//
#include "scanc/Compile.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace scanc;

namespace {

/// The operands of a program with the values of its JSON file; a complex element is two numbers.
struct StoredOperands {
  std::vector<std::vector<char>> storage;
  std::vector<TensorRef> tensors;
  std::vector<std::vector<double>> results;

  StoredOperands(const std::vector<Parameter> &signature, const nlohmann::json &data) {
    for (const Parameter &parameter : signature) {
      bool input = parameter.role == Parameter::Role::input;
      const nlohmann::json &stored = data.at(input ? "inputs" : "results").at(parameter.name);
      std::vector<double> values = stored.at("values").get<std::vector<double>>();
      Dtype dtype = parameter.dtype == Dtype::c64 ? Dtype::f32 : parameter.dtype;
      std::int64_t size = sizeOf(dtype);
      TensorRef &tensor = tensors.emplace_back();
      tensor.dtype = parameter.dtype;
      tensor.sizes = stored.at("sizes").get<std::vector<std::int64_t>>();
      tensor.data = storage.emplace_back(values.size() * size + 8).data();
      for (std::size_t i = 0; input && i < values.size(); ++i) {
        char *address = static_cast<char *>(tensor.data) + i * size;
        storeElement(address, dtype, values[i]);
        EXPECT_EQ(loadElement(address, dtype), values[i]) << parameter.name << " is not exact";
      }
      if (!input)
        results.push_back(std::move(values));
    }
  }
};

class Golden : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(Golden, theInterpreterGivesNumPysValues) {
  std::stringstream text;
  text << std::ifstream(GetParam()).rdbuf();
  std::ifstream stream(SCANC_GOLDEN "/data/" + GetParam().stem().string() + ".json");
  ASSERT_TRUE(stream.good()) << "no values: run generate.py";
  auto parameters = signature(text.str());
  ASSERT_TRUE(parameters) << render(parameters.error());
  StoredOperands operands(*parameters, nlohmann::json::parse(stream));
  auto results = evaluateReference(text.str(), operands.tensors);
  ASSERT_TRUE(results) << render(results.error());
  ASSERT_EQ(results->size(), operands.results.size());
  for (std::size_t k = 0; k < results->size(); ++k) {
    const std::vector<double> &got = (*results)[k].values, &expected = operands.results[k];
    ASSERT_EQ(got.size(), expected.size());
    // Both compute in f64; some hundred operations in another order.
    for (std::size_t i = 0; i < expected.size(); ++i)
      EXPECT_NEAR(got[i], expected[i], 1e-13 * (1 + std::fabs(expected[i])))
          << "result " << k << " at " << i;
  }
}

std::vector<std::filesystem::path> programs() {
  std::vector<std::filesystem::path> list;
  for (const char *folder : {SCANC_PROGRAMS, SCANC_GOLDEN "/programs"})
    for (const auto &file : std::filesystem::directory_iterator(folder))
      if (file.path().extension() == ".scan")
        list.push_back(file.path());
  std::sort(list.begin(), list.end());
  return list;
}

INSTANTIATE_TEST_SUITE_P(Programs, Golden, testing::ValuesIn(programs()),
                         [](const auto &info) { return info.param.stem().string(); });

} // namespace
