//===- graph.h - Launches recorded once, replayed without the host --------===//
#ifndef SCANC_BENCH_GRAPH_H
#define SCANC_BENCH_GRAPH_H

#include "scanc/Kernel.h"

/// Seconds of a launch of `kernel` among 200 in one CUDA graph on the same tensors: the median of 30
/// replays. Tensors that fit the L2 stay in it.
double timeInGraph(const scanc::Kernel &kernel, const std::vector<scanc::TensorRef> &operands);

#endif // SCANC_BENCH_GRAPH_H
