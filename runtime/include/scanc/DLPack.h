//===- scanc/DLPack.h - Tensors of and for other libraries ------*- C++ -*-===//
//
// Public and installed. The structs of DLPack are only declared here, so that
// your own dlpack.h, of whatever version, goes beside this header.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_DLPACK_H
#define SCANC_DLPACK_H

#include "scanc/Result.h"
#include "scanc/Tensor.h"

#include <functional>

struct DLManagedTensor;
struct DLManagedTensorVersioned;

namespace scanc {

/// What a tensor of another library is for.
struct DLPackUse {
  bool isWritten = false; ///< a result: one that is read-only is refused
  /// Where it is used, if its memory is reached from host and devices alike (pinned or managed).
  DeviceKind device = DeviceKind::cuda;
  int deviceIndex = 0;
};

/// A view of the memory of `tensor`, which stays the owner: call its deleter when the work that
/// uses the view is done. Fails (SC6061 to SC6064) on what no operand can be.
Result<TensorRef> fromDLPack(const DLManagedTensor *tensor, const DLPackUse &use = {});
/// The same of DLPack 1.x.
Result<TensorRef> fromDLPack(const DLManagedTensorVersioned *tensor, const DLPackUse &use = {});

/// The memory that `tensor` views, for another library. Whoever takes it calls its deleter once,
/// which calls `release`.
DLManagedTensorVersioned *toDLPack(const TensorRef &tensor, std::function<void()> release);
/// The same for a library that knows DLPack 0 only.
DLManagedTensor *toUnversionedDLPack(const TensorRef &tensor, std::function<void()> release);

/// Calls the deleter, where there is one: what a taker does once it needs the tensor no more.
void release(DLManagedTensorVersioned *tensor);
void release(DLManagedTensor *tensor);

} // namespace scanc

#endif // SCANC_DLPACK_H
