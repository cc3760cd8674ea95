//===- ChunkwiseCases.cpp - Chunkwise programs against the oracle ---------===//
#include "tests/end_to_end/ChunkwiseCases.h"

#include "scanc/Compile.h"
#include "tests/emulation/Program.h"
#include "tests/support/Comparison.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <numeric>

namespace scanc::testing_support {

/// The program with f16 where it has bf16.
std::string withF16(std::string text) {
  for (std::size_t at = 0; (at = text.find("bf16", at)) != std::string::npos;)
    text.replace(at, 4, "f16");
  return text;
}

namespace {

std::int64_t elements(const TensorRef &tensor) {
  std::int64_t count = 1;
  for (std::int64_t size : tensor.sizes)
    count *= size;
  return count;
}

/// Offset of element `i` of a contiguous tensor of the same sizes.
std::int64_t offsetOf(const TensorRef &tensor, std::int64_t i) {
  std::vector<std::int64_t> strides = tensor.strides.empty() ? contiguousStrides(tensor.sizes) : tensor.strides;
  std::int64_t offset = 0;
  for (std::size_t d = tensor.sizes.size(); d-- > 0; i /= tensor.sizes[d])
    offset += i % tensor.sizes[d] * strides[d];
  return offset;
}

double numberAt(const TensorRef &tensor, std::int64_t i) {
  return loadElement(static_cast<const char *>(tensor.data) + offsetOf(tensor, i) * sizeOf(tensor.dtype),
                     tensor.dtype);
}

/// The same numbers with `gap` elements before every row, and their absolute values where `absolute`.
Operands copyOf(const std::vector<TensorRef> &tensors, std::int64_t gap,
                const std::vector<bool> &absolute) {
  Operands copy;
  for (std::size_t p = 0; p < tensors.size(); ++p) {
    TensorRef tensor = tensors[p];
    std::int64_t rank = static_cast<std::int64_t>(tensor.sizes.size()), total = 1;
    tensor.strides.assign(rank, 0);
    for (std::int64_t d = rank; d-- > 0;) {
      tensor.strides[d] = total;
      total = total * tensor.sizes[d] + (d + 1 == rank ? gap : 0);
    }
    std::int64_t bytes = sizeOf(tensor.dtype);
    copy.storage.emplace_back((total + gap) * bytes + 16, static_cast<char>(0xff));
    tensor.data = copy.storage.back().data() + gap * bytes;
    for (std::int64_t i = 0; i < elements(tensor); ++i) {
      double value = numberAt(tensors[p], i);
      storeElement(static_cast<char *>(tensor.data) + offsetOf(tensor, i) * bytes, tensor.dtype,
                   absolute[p] ? std::fabs(value) : value);
    }
    copy.tensors.push_back(tensor);
  }
  return copy;
}

/// Strengths of corrections as layers have them, from 0 to 1: those that are drawn keep the reference's bounds finite and
/// shrink with the rows of the state, so that a correction that is not made would not be seen.
void spread(const TensorRef &strengths) {
  double largest = 0;
  for (std::int64_t i = 0; i < elements(strengths); ++i)
    largest = std::max(largest, std::fabs(numberAt(strengths, i)));
  for (std::int64_t i = 0; i < elements(strengths) && largest > 0; ++i)
    storeElement(static_cast<char *>(strengths.data) + offsetOf(strengths, i) * sizeOf(strengths.dtype), strengths.dtype,
                 std::fabs(numberAt(strengths, i)) / largest);
}

} // namespace

void expectNear(const std::string &text, const Sizes &sizes, const How &how) {
  CompileOptions options;
  options.filename = "chunks.scan";
  options.target = "sm_90a";
  options.strategy = how.strategy;
  options.sizes = sizes;
  auto program = compileProgram(text, options);
  ASSERT_TRUE(program) << render(program.error());
  if (!how.offsets.empty())
    options.sizes["S"] = static_cast<std::int64_t>(how.offsets.size()) - 1; // not known to the program
  auto drawn = makeOperands(text, options, program->parameters, 3);
  ASSERT_TRUE(drawn) << render(drawn.error());
  std::vector<bool> positive, asDrawn(program->parameters.size());
  for (const Parameter &parameter : program->parameters)
    positive.push_back(parameter.role == Parameter::Role::input &&
                       !how.signedInputs.contains(parameter.name));
  for (std::size_t p = 0; p < program->parameters.size(); ++p)
    if (!program->parameters[p].cuts.empty() && !how.offsets.empty())
      std::memcpy(drawn->tensors[p].data, how.offsets.data(), sizeof(std::int32_t) * how.offsets.size());
  for (std::size_t p = 0; p < program->parameters.size(); ++p)
    if (program->parameters[p].name == "beta")
      spread(drawn->tensors[p]);
  Operands operands = copyOf(drawn->tensors, how.gap, asDrawn),
           magnitudes = copyOf(drawn->tensors, 0, positive);
  std::erase_if(std::get<KernelStep>(program->entries[0].steps[0]).variants,
                [&](const KernelVariant &variant) { return !variant.name.starts_with(how.variants); });
  auto done = emulation::runProgram(*program, operands.tensors, {.seed = 3});
  ASSERT_TRUE(done) << render(done.error());
  auto expected = evaluateReference(text, operands.tensors, options);
  auto largest = evaluateReference(text, magnitudes.tensors, options);
  ASSERT_TRUE(expected && largest);
  bool isHalf = program->promises.errorBound.starts_with("2^-11");
  bool isCorrected = program->planText.find(" correct ") != std::string::npos;
  double bound = isHalf ? 0x1p-10 : 0x1p-7, boundOfAll = isCorrected ? bound : 4e-3;
  std::size_t result = 0;
  for (std::size_t p = 0; p < operands.tensors.size(); ++p) {
    if (program->parameters[p].role != Parameter::Role::output)
      continue;
    const std::vector<double> &wanted = (*expected)[result].values;
    std::vector<double> &most = (*largest)[result].values;
    ++result;
    double errors = 0, all = 0;
    if (isCorrected) {
      double norm = std::sqrt(std::inner_product(wanted.begin(), wanted.end(), wanted.begin(), 0.0));
      std::fill(most.begin(), most.end(), 16 * norm / std::sqrt(static_cast<double>(wanted.size())));
    }
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      double value = numberAt(operands.tensors[p], i), error = value - wanted[i];
      ASSERT_LE(std::fabs(error), bound * most[i])
          << program->parameters[p].name << "[" << i << "]: got " << value << ", expected " << wanted[i];
      errors += error * error;
      all += wanted[i] * wanted[i];
    }
    EXPECT_LE(errors, boundOfAll * boundOfAll * all) << program->parameters[p].name;
  }
}

} // namespace scanc::testing_support
