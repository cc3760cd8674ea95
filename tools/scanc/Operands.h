//===- Operands.h - The tensors of a run: files, random, poison -*- C++ -*-===//
#ifndef SCANC_TOOLS_SCANC_OPERANDS_H
#define SCANC_TOOLS_SCANC_OPERANDS_H

#include "scanc/Device.h"
#include "scanc/Npy.h"
#include "scanc/SampleInputs.h"
#include "tools/scanc/Flags.h"

#include <optional>

namespace scanc::cli {

/// What the user says of the tensors.
struct OperandRequest {
  std::map<std::string, std::string> inputFiles;                   ///< --in
  std::map<std::string, std::pair<double, double>> ranges;         ///< --random
  std::map<std::string, std::int64_t> sizes;                       ///< --shape
  std::map<std::string, std::string> origins; ///< of every size: "by --shape", "by 'a.npy'"
  std::uint64_t seed = 0;                                          ///< --seed
};

/// The inputs and results of one run, in the order of the signature, on the host and perhaps on a
/// device too.
class Operands {
public:
  /// Reads the files of the request, and adds the sizes that they give to `request.sizes`.
  static Result<Operands> load(std::vector<Parameter> signature, OperandRequest &request);

  /// Makes what no file gives: inputs at random within `samples`, results filled with NaN. Sizes
  /// are those of `samples`. Fails with SC8008 where a name has none.
  Result<void> complete(const SampleInputs &samples, const OperandRequest &request);

  /// Copies everything to a device; `views` are of that memory from then on.
  Result<void> moveToDevice(int device);
  /// Fills the results with NaN wherever they are.
  Result<void> poisonResults();
  /// Copies the results back to the host.
  Result<void> fetchResults();

  std::vector<TensorRef> hostViews();
  std::vector<TensorRef> views();
  const std::vector<Parameter> &signature() const { return parameters; }
  NpyTensor &tensor(std::size_t i) { return *tensors[i]; }
  /// Bytes of all operands: what any kernel must move.
  std::int64_t bytes() const;

private:
  std::vector<Parameter> parameters;
  std::vector<std::optional<NpyTensor>> tensors;
  std::vector<DeviceMemory> deviceMemory;
  int device = 0;
};

/// Fails with SC8005 where a name in `names` is no parameter of that role.
Result<void> checkNames(const std::vector<std::string> &names, const std::string &option,
                        const std::vector<Parameter> &signature, Parameter::Role role);

} // namespace scanc::cli

#endif // SCANC_TOOLS_SCANC_OPERANDS_H
