//===- GuardedBuffer.cpp - A tensor that notices strangers ----------------===//
#include "runtime/tuning/GuardedBuffer.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace scanc::tuning {

static constexpr unsigned char poisonByte = 0xff;

GuardedBuffer::HostMemory GuardedBuffer::allocate(std::int64_t bytes) {
  auto whole = static_cast<std::size_t>((bytes + 3 * guard - 1) / guard * guard);
  HostMemory memory(static_cast<char *>(std::aligned_alloc(guard, whole)));
  if (memory)
    std::memset(memory.get(), poisonByte, whole);
  return memory;
}

Result<GuardedBuffer> GuardedBuffer::create(std::int64_t bytes, std::optional<int> device) {
  GuardedBuffer buffer;
  buffer.size = bytes;
  buffer.copy = allocate(bytes);
  if (!device)
    buffer.onHost = allocate(bytes);
  if (!buffer.copy || (!device && !buffer.onHost))
    return makeError("SC8014", ErrorKind::environment, "there is not enough memory",
                     "give smaller sizes by --shape, or raise the limit (ulimit -v)");
  if (!device)
    return buffer;
  Result<DeviceMemory> memory = DeviceMemory::allocate(*device, bytes + 2 * guard);
  if (!memory)
    return memory.error();
  buffer.onDevice.emplace(std::move(*memory));
  if (Result<void> poisoned = buffer.poison(); !poisoned)
    return poisoned.error();
  return buffer;
}

void *GuardedBuffer::data() const {
  return (onDevice ? static_cast<char *>(onDevice->data()) : onHost.get()) + guard;
}

Result<void> GuardedBuffer::upload() {
  if (onDevice)
    return onDevice->copyFrom(copy.get());
  std::memcpy(onHost.get(), copy.get(), static_cast<std::size_t>(size + 2 * guard));
  return {};
}

Result<void> GuardedBuffer::poison() {
  if (onDevice)
    return onDevice->fill(poisonByte);
  std::memset(onHost.get(), poisonByte, static_cast<std::size_t>(size + 2 * guard));
  return {};
}

Result<void> GuardedBuffer::fetch() {
  if (onDevice)
    return onDevice->copyTo(image(), guard, size);
  std::memcpy(image(), data(), static_cast<std::size_t>(size));
  return {};
}

Result<bool> GuardedBuffer::holds(std::int64_t offset, const char *expected,
                                  std::int64_t count) const {
  if (!onDevice)
    return std::memcmp(onHost.get() + offset, expected, static_cast<std::size_t>(count)) == 0;
  constexpr std::int64_t most = std::int64_t(16) << 20;
  std::vector<char> part(static_cast<std::size_t>(std::min(count, most)));
  for (std::int64_t at = 0; at < count; at += most) {
    std::int64_t length = std::min(most, count - at);
    if (Result<void> copied = onDevice->copyTo(part.data(), offset + at, length); !copied)
      return copied.error();
    if (std::memcmp(part.data(), expected + at, static_cast<std::size_t>(length)) != 0)
      return false;
  }
  return true;
}

Result<bool> GuardedBuffer::isGuardIntact() const {
  Result<bool> before = holds(0, copy.get(), guard);
  if (!before || !*before)
    return before;
  return holds(guard + size, copy.get() + guard + size, guard);
}

Result<bool> GuardedBuffer::isUnchanged() const { return holds(guard, image(), size); }

} // namespace scanc::tuning
