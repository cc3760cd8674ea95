//===- Execution.h - One launch: the checks around every access -*- C++ -*-===//
#ifndef SCANC_TESTS_EMULATION_EXECUTION_H
#define SCANC_TESTS_EMULATION_EXECUTION_H

#include "tests/emulation/GlobalMemory.h"
#include "tests/emulation/Scheduler.h"

#include <unordered_map>

namespace scanc::emulation {

/// The table that every kernel is given. Its functions serve the launch that runs on this OS
/// thread.
extern const Hooks hookTable;

class Execution {
public:
  /// `sharedMap`: where the kernel's text believes its shared memory to lie.
  Execution(const Scheduler::Kernel &kernel, char *sharedMap, const std::vector<Buffer> &buffers,
            const Options &options);

  Result<Statistics> run();

  // Called by the running fiber.
  enum class Kind : std::uint8_t { read, readOnly, write, atomicRead, atomicWrite };
  /// Checks an access to global memory.
  void touchGlobal(const void *address, std::uint32_t bytes, std::uint32_t alignment, Kind kind,
                   Place place);
  /// Checks an access to shared memory; returns its bytes in the running block.
  char *touchShared(const void *address, std::uint32_t bytes, std::uint32_t alignment, Kind kind,
                    Place place);
  /// A copy may land at once or when it is waited for: a coin decides, so that neither a thread that
  /// does not wait nor one that fills a cell too early is right for long.
  void startCopy(const PendingCopy &copy, Kind kind);
  void awaitCopies(std::uint32_t open);
  void release(const void *address);
  void acquire(const void *address);
  /// Bytes that a cell of shared memory expects, below 0 those that have landed.
  void countBytes(std::uint64_t *cell, std::int64_t bytes, Place place);
  /// One of `of` threads that such a cell counts in place of bytes.
  void arrive(std::uint64_t *cell, std::uint32_t of, Place place);

  Scheduler scheduler;

private:
  /// Where an access lies, for the report.
  struct Where {
    const std::string *buffer; ///< its name; null for shared memory
    std::size_t offset;        ///< bytes from its begin, of the first byte of the granule
  };
  [[noreturn]] void failRace(const Where &where, Kind kind, const Access &mine, const Access &other,
                             bool otherIsWrite);
  void land(const PendingCopy &copy);
  void checkCell(Cell &cell, bool initialized, const Accessor &accessor, Kind kind,
                 const Where &where);
  Access accessNow(Kind kind, Place place) const;
  std::string spell(const Access &access, const char *verb) const;
  std::string spellNow(Kind kind, Place place) const;

  GlobalMemory global;
  char *const sharedMap;
  const std::size_t sharedBytes;
  const std::uint32_t threads; ///< of a block
  const Options options;
  /// What the last release of each flag told.
  std::unordered_map<const void *, KnowledgeRef> flags;
};

} // namespace scanc::emulation

#endif // SCANC_TESTS_EMULATION_EXECUTION_H
