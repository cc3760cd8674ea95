//===- Oracle.cpp - What results should be, asked once --------------------===//
#include "runtime/tuning/Oracle.h"

#include "runtime/tuning/RandomFill.h"

#include <algorithm>
#include <map>

namespace scanc::tuning {

/// Elements of the largest tensor up to which the reference is asked for everything (a second or
/// less).
static constexpr std::int64_t mostWhole = std::int64_t(1) << 18;
/// Of a stretch: elements of it, where more than one lane has them, and lanes.
static constexpr std::int64_t mostOfStretch = std::int64_t(1) << 20;
static constexpr std::int64_t mostLanes = 8;

namespace {

/// A stretch of one dimension.
struct Cut {
  std::int64_t from, size;
};

} // namespace

/// Cuts by name, at the first lanes or at the last: one lane of every dimension but the last of
/// them.
static std::map<std::string, Cut> cutsAt(bool isEnd, const std::vector<std::string> &lanes,
                                         const std::map<std::string, std::int64_t> &sizes,
                                         std::int64_t elementsOfLane) {
  std::map<std::string, Cut> cuts;
  for (const std::string &lane : lanes) {
    std::int64_t size = sizes.at(lane), width = 1;
    if (lane == lanes.back())
      width =
          std::min(size, std::clamp(mostOfStretch / elementsOfLane, std::int64_t(1), mostLanes));
    cuts[lane] = {isEnd ? size - width : 0, width};
  }
  return cuts;
}

static TensorRef cutTensor(TensorRef tensor, const std::vector<std::string> &dims,
                           const std::map<std::string, Cut> &cuts) {
  tensor.strides = contiguousStrides(tensor.sizes);
  for (std::size_t i = 0; i < dims.size(); ++i)
    if (auto cut = cuts.find(dims[i]); cut != cuts.end()) {
      tensor.data = static_cast<char *>(tensor.data) +
                    cut->second.from * tensor.strides[i] * sizeOf(tensor.dtype);
      tensor.sizes[i] = cut->second.size;
    }
  return tensor;
}

/// The sizes of the dimensions in `lanes`.
static std::map<std::string, std::int64_t> laneSizes(const std::vector<Parameter> &signature,
                                                     const std::vector<TensorRef> &operands,
                                                     const std::vector<std::string> &lanes) {
  std::map<std::string, std::int64_t> sizes;
  for (std::size_t p = 0; p < signature.size(); ++p)
    for (std::size_t i = 0; i < signature[p].dims.size(); ++i)
      if (std::find(lanes.begin(), lanes.end(), signature[p].dims[i]) != lanes.end())
        sizes[signature[p].dims[i]] = operands[p].sizes[i];
  return sizes;
}

static std::vector<std::vector<TensorRef>> stretchesOf(const std::vector<Parameter> &signature,
                                                       const std::vector<TensorRef> &operands,
                                                       const std::vector<std::string> &lanes) {
  std::int64_t largest = 0, laneCount = 1;
  for (const TensorRef &operand : operands)
    largest = std::max(largest, elementsOf(operand.sizes));
  const std::map<std::string, std::int64_t> sizes = laneSizes(signature, operands, lanes);
  for (const auto &[name, size] : sizes)
    laneCount *= size;
  if (largest <= mostWhole || laneCount <= 1)
    return {operands};
  std::vector<std::vector<TensorRef>> stretches;
  for (bool isEnd : {false, true}) {
    auto cuts = cutsAt(isEnd, lanes, sizes, std::max<std::int64_t>(1, largest / laneCount));
    stretches.emplace_back();
    for (std::size_t p = 0; p < signature.size(); ++p)
      stretches.back().push_back(cutTensor(operands[p], signature[p].dims, cuts));
  }
  return stretches;
}

Result<Oracle> Oracle::create(const std::string &text, const CompileOptions &options,
                              const std::vector<Parameter> &signature,
                              const std::vector<TensorRef> &operands,
                              const std::vector<std::string> &lanes) {
  Oracle oracle;
  oracle.signature = signature;
  for (std::vector<TensorRef> &stretch : stretchesOf(signature, operands, lanes)) {
    Result<std::vector<ReferenceTensor>> expected = evaluateReference(text, stretch, options);
    if (!expected)
      return expected.error();
    oracle.stretches.push_back({std::move(stretch), std::move(*expected)});
  }
  return oracle;
}

std::vector<Comparison> Oracle::compareAll(Allowance allowance) const {
  std::vector<Comparison> comparisons;
  for (const Stretch &stretch : stretches) {
    std::size_t result = 0;
    for (std::size_t p = 0; p < signature.size(); ++p)
      if (signature[p].role == Parameter::Role::output)
        comparisons.push_back(
            compare(signature[p].name, stretch.operands[p], stretch.expected[result++], allowance));
  }
  return comparisons;
}

} // namespace scanc::tuning
