//===- CudaHeadersTest.cpp - Our prototypes against NVIDIA's headers ------===//
//
// Built where the headers are. The types differ in name only, so sizes, offsets
// and numbers are compared, and that each call would compile.
//
//===----------------------------------------------------------------------===//
#include "runtime/launch/Driver.h"
#include "runtime/nvrtc/NvrtcApi.h"

#include <cuda.h>
#include <gtest/gtest.h>
#include <nvrtc.h>

#include <cstddef>
#include <type_traits>

namespace scanc::rt {
namespace {

static_assert(sizeof(LaunchConfig) == sizeof(CUlaunchConfig));
static_assert(offsetof(LaunchConfig, block) == offsetof(CUlaunchConfig, blockDimX));
static_assert(offsetof(LaunchConfig, sharedBytes) == offsetof(CUlaunchConfig, sharedMemBytes));
static_assert(offsetof(LaunchConfig, stream) == offsetof(CUlaunchConfig, hStream));
static_assert(offsetof(LaunchConfig, attributes) == offsetof(CUlaunchConfig, attrs));
static_assert(offsetof(LaunchConfig, attributeCount) == offsetof(CUlaunchConfig, numAttrs));
static_assert(sizeof(LaunchAttribute) == sizeof(CUlaunchAttribute));
static_assert(offsetof(LaunchAttribute, value) == offsetof(CUlaunchAttribute, value));
static_assert(LaunchAttribute::clusterDimension == CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION);
static_assert(LaunchAttribute::programmaticSerialization ==
              CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION);
static_assert(sizeof(MemoryPoolProperties) == sizeof(CUmemPoolProps));
static_assert(offsetof(MemoryPoolProperties, handleTypes) == offsetof(CUmemPoolProps, handleTypes));
static_assert(offsetof(MemoryPoolProperties, locationType) == offsetof(CUmemPoolProps, location));
static_assert(offsetof(MemoryPoolProperties, device) ==
              offsetof(CUmemPoolProps, location) + offsetof(CUmemLocation, id));
static_assert(offsetof(MemoryPoolProperties, securityAttributes) ==
              offsetof(CUmemPoolProps, win32SecurityAttributes));
static_assert(offsetof(MemoryPoolProperties, rest) == offsetof(CUmemPoolProps, maxSize));
static_assert(sizeof(Driver::Address) == sizeof(CUdeviceptr));

/// The type to which ours and NVIDIA's agree: pointers to opaque things and enumerations become
/// void pointers and integers.
template <typename T>
struct Plain {
  using type = std::conditional_t<std::is_enum_v<T>, int, T>;
};
template <typename T>
struct Plain<T *> {
  using type = void *;
};
template <typename F>
struct Signature;
template <typename R, typename... A>
struct Signature<R (*)(A...)> {
  using type = typename Plain<R>::type (*)(typename Plain<A>::type...);
};
template <typename Ours, typename Theirs>
constexpr bool agree =
    std::is_same_v<typename Signature<Ours>::type, typename Signature<Theirs>::type>;

#define SCANC_AGREE(table, field, function)                                                        \
  static_assert(agree<decltype(table::field), decltype(&function)>, #function)

SCANC_AGREE(Driver, getErrorName, cuGetErrorName);
SCANC_AGREE(Driver, getErrorString, cuGetErrorString);
SCANC_AGREE(Driver, init, cuInit);
SCANC_AGREE(Driver, driverGetVersion, cuDriverGetVersion);
SCANC_AGREE(Driver, deviceGetCount, cuDeviceGetCount);
SCANC_AGREE(Driver, deviceGet, cuDeviceGet);
SCANC_AGREE(Driver, deviceGetName, cuDeviceGetName);
SCANC_AGREE(Driver, deviceGetAttribute, cuDeviceGetAttribute);
SCANC_AGREE(Driver, deviceTotalMem, cuDeviceTotalMem);
SCANC_AGREE(Driver, primaryCtxRetain, cuDevicePrimaryCtxRetain);
SCANC_AGREE(Driver, primaryCtxRelease, cuDevicePrimaryCtxRelease);
SCANC_AGREE(Driver, ctxPushCurrent, cuCtxPushCurrent);
SCANC_AGREE(Driver, ctxPopCurrent, cuCtxPopCurrent);
SCANC_AGREE(Driver, ctxSynchronize, cuCtxSynchronize);
SCANC_AGREE(Driver, ctxGetDevice, cuCtxGetDevice);
SCANC_AGREE(Driver, ctxGetId, cuCtxGetId);
SCANC_AGREE(Driver, threadExchangeStreamCaptureMode, cuThreadExchangeStreamCaptureMode);
SCANC_AGREE(Driver, libraryLoadData, cuLibraryLoadData);
SCANC_AGREE(Driver, libraryUnload, cuLibraryUnload);
SCANC_AGREE(Driver, libraryGetKernel, cuLibraryGetKernel);
SCANC_AGREE(Driver, kernelGetFunction, cuKernelGetFunction);
SCANC_AGREE(Driver, funcGetAttribute, cuFuncGetAttribute);
SCANC_AGREE(Driver, funcSetAttribute, cuFuncSetAttribute);
SCANC_AGREE(Driver, funcGetParamInfo, cuFuncGetParamInfo);
SCANC_AGREE(Driver, launchKernelEx, cuLaunchKernelEx);
SCANC_AGREE(Driver, tensorMapEncodeTiled, cuTensorMapEncodeTiled);
SCANC_AGREE(Driver, streamIsCapturing, cuStreamIsCapturing);
SCANC_AGREE(Driver, streamGetCtx, cuStreamGetCtx);
SCANC_AGREE(Driver, memAllocAsync, cuMemAllocAsync);
SCANC_AGREE(Driver, memPoolCreate, cuMemPoolCreate);
SCANC_AGREE(Driver, memPoolSetAttribute, cuMemPoolSetAttribute);
SCANC_AGREE(Driver, memAllocFromPoolAsync, cuMemAllocFromPoolAsync);
SCANC_AGREE(Driver, memFreeAsync, cuMemFreeAsync);
SCANC_AGREE(Driver, memAlloc, cuMemAlloc);
SCANC_AGREE(Driver, memFree, cuMemFree);
SCANC_AGREE(Driver, memcpyHtoD, cuMemcpyHtoD);
SCANC_AGREE(Driver, memcpyDtoH, cuMemcpyDtoH);
SCANC_AGREE(Driver, memsetD8, cuMemsetD8);
SCANC_AGREE(Driver, memsetD8Async, cuMemsetD8Async);
SCANC_AGREE(Driver, eventCreate, cuEventCreate);
SCANC_AGREE(Driver, eventRecord, cuEventRecord);
SCANC_AGREE(Driver, eventSynchronize, cuEventSynchronize);
SCANC_AGREE(Driver, eventElapsedTime, cuEventElapsedTime);
SCANC_AGREE(Driver, eventDestroy, cuEventDestroy);
SCANC_AGREE(NvrtcApi, getErrorString, nvrtcGetErrorString);
SCANC_AGREE(NvrtcApi, version, nvrtcVersion);
SCANC_AGREE(NvrtcApi, getNumSupportedArchs, nvrtcGetNumSupportedArchs);
SCANC_AGREE(NvrtcApi, getSupportedArchs, nvrtcGetSupportedArchs);
SCANC_AGREE(NvrtcApi, createProgram, nvrtcCreateProgram);
SCANC_AGREE(NvrtcApi, destroyProgram, nvrtcDestroyProgram);
SCANC_AGREE(NvrtcApi, compileProgram, nvrtcCompileProgram);
SCANC_AGREE(NvrtcApi, getProgramLogSize, nvrtcGetProgramLogSize);
SCANC_AGREE(NvrtcApi, getProgramLog, nvrtcGetProgramLog);
SCANC_AGREE(NvrtcApi, getPTXSize, nvrtcGetPTXSize);
SCANC_AGREE(NvrtcApi, getPTX, nvrtcGetPTX);
SCANC_AGREE(NvrtcApi, getCUBINSize, nvrtcGetCUBINSize);
SCANC_AGREE(NvrtcApi, getCUBIN, nvrtcGetCUBIN);

TEST(CudaHeaders, numbers) {
  EXPECT_EQ(Driver::outOfMemory, CUDA_ERROR_OUT_OF_MEMORY);
  EXPECT_EQ(Driver::noDevice, CUDA_ERROR_NO_DEVICE);
  EXPECT_EQ(Driver::invalidImage, CUDA_ERROR_INVALID_IMAGE);
  EXPECT_EQ(Driver::noBinaryForGpu, CUDA_ERROR_NO_BINARY_FOR_GPU);
  EXPECT_EQ(Driver::notFound, CUDA_ERROR_NOT_FOUND);
  EXPECT_EQ(Driver::clockRate, CU_DEVICE_ATTRIBUTE_CLOCK_RATE);
  EXPECT_EQ(Driver::multiprocessorCount, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
  EXPECT_EQ(Driver::memoryClockRate, CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE);
  EXPECT_EQ(Driver::memoryBusWidth, CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH);
  EXPECT_EQ(Driver::l2CacheSize, CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE);
  EXPECT_EQ(Driver::threadsPerMultiprocessor, CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR);
  EXPECT_EQ(Driver::capabilityMajor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
  EXPECT_EQ(Driver::capabilityMinor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
  EXPECT_EQ(Driver::sharedPerMultiprocessor,
            CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR);
  EXPECT_EQ(Driver::registersPerMultiprocessor,
            CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR);
  EXPECT_EQ(Driver::sharedPerBlockOptin, CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN);
  EXPECT_EQ(Driver::staticSharedBytes, CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES);
  EXPECT_EQ(Driver::maxDynamicSharedBytes, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES);
  EXPECT_EQ(Driver::nonPortableCluster, CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED);
  EXPECT_EQ(Driver::releaseThreshold, CU_MEMPOOL_ATTR_RELEASE_THRESHOLD);
  MemoryPoolProperties pool;
  EXPECT_EQ(pool.allocationType, CU_MEM_ALLOCATION_TYPE_PINNED);
  EXPECT_EQ(pool.handleTypes, CU_MEM_HANDLE_TYPE_NONE);
  EXPECT_EQ(pool.locationType, CU_MEM_LOCATION_TYPE_DEVICE);
  EXPECT_EQ(NvrtcApi::invalidOption, NVRTC_ERROR_INVALID_OPTION);
  EXPECT_EQ(NvrtcApi::compilationFailed, NVRTC_ERROR_COMPILATION);
}

} // namespace
} // namespace scanc::rt
