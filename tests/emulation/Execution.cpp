//===- Execution.cpp - Checks accesses, carries knowledge, serves the hooks ===//
#include "tests/emulation/Execution.h"
#include "tests/emulation/Report.h"

#include <algorithm>
#include <cstring>

namespace scanc::emulation {
namespace {

thread_local Execution *active = nullptr;

using Kind = Execution::Kind;

bool isWrite(Kind kind) { return kind == Kind::write || kind == Kind::atomicWrite; }
bool isAtomic(Kind kind) { return kind == Kind::atomicRead || kind == Kind::atomicWrite; }

} // namespace

Execution::Execution(const Scheduler::Kernel &kernel, char *sharedMap,
                     const std::vector<Buffer> &buffers, const Options &options)
    : scheduler(kernel, options), global(buffers, options.checkRaces), sharedMap(sharedMap),
      sharedBytes(kernel.sharedBytes), threads(kernel.threads), options(options) {}

Result<Statistics> Execution::run() {
  std::fill_n(sharedMap, sharedBytes, static_cast<char>(sharedPoison));
  active = this;
  Result<Statistics> result = scheduler.run();
  active = nullptr;
  if (!result)
    return result;
  for (std::size_t i = 0; i < sharedBytes; ++i)
    if (static_cast<unsigned char>(sharedMap[i]) != sharedPoison)
      return makeFault("unchecked", "byte " + std::to_string(i) +
                                        " of shared memory is written without shared_store");
  return result;
}

Access Execution::accessNow(Kind kind, Place place) const {
  return {scheduler.now(), true, isAtomic(kind), place};
}

std::string Execution::spell(const Access &access, const char *verb) const {
  const Moment &moment = access.moment;
  return "block " + std::to_string(moment.block) + ", thread " +
         std::to_string(moment.thread - moment.block * threads) + " " + verb + " at " +
         emulation::spell(access.place);
}

std::string Execution::spellNow(Kind kind, Place place) const {
  return spell(accessNow(kind, place), isWrite(kind) ? "writes" : "reads");
}

void Execution::failRace(const Where &where, Kind kind, const Access &mine, const Access &other,
                         bool otherIsWrite) {
  const char *verb = isWrite(kind) ? mine.atomic ? "writes atomically" : "writes"
                     : mine.atomic ? "reads atomically"
                                   : "reads";
  const char *otherVerb = otherIsWrite   ? other.atomic ? "wrote atomically" : "wrote"
                          : other.atomic ? "read atomically"
                                         : "read";
  scheduler.fail([&] {
    return makeFault(
        "race", "race at byte " + std::to_string(where.offset) + " of " +
                    (where.buffer ? "buffer '" + *where.buffer + "'" : "shared memory") + ": " +
                    spell(mine, verb) + "; " + spell(other, otherVerb) + "; nothing orders them");
  });
}

void Execution::checkCell(Cell &cell, bool initialized, const Accessor &accessor, Kind kind,
                          const Where &where) {
  if (isWrite(kind)) {
    bool otherIsWrite;
    if (const Access *other = noteWrite(cell, accessor, otherIsWrite))
      failRace(where, kind, accessor.access, *other, otherIsWrite);
    return;
  }
  if (!cell.write.present && !initialized)
    scheduler.fail([&] {
      return makeFault(
          "unwritten",
          "byte " + std::to_string(where.offset) + " of " +
              (where.buffer ? "buffer '" + *where.buffer + "'" : "shared memory") +
              " is read before anything is written there: " + spell(accessor.access, "reads"));
    });
  if (const Access *other = noteRead(cell, accessor))
    failRace(where, kind, accessor.access, *other, true);
  if (kind == Kind::readOnly && cell.write.present)
    scheduler.fail([&] {
      return makeFault("incoherent",
                       "byte " + std::to_string(where.offset) + " of buffer '" + *where.buffer +
                           "' is read through the read-only path, but this launch writes it: " +
                           spell(accessor.access, "reads") + "; " + spell(cell.write, "wrote"));
    });
}

void Execution::touchGlobal(const void *address, std::uint32_t bytes, std::uint32_t alignment,
                            Kind kind, Place place) {
  scheduler.access();
  if (scheduler.current().awaits)
    scheduler.fail([&] {
      return makeFault("early", "global memory is touched before the launch before is awaited: " +
                                    spellNow(kind, place));
    });
  const auto first = reinterpret_cast<std::uintptr_t>(address);
  Region *region = global.find(first, bytes);
  if (options.checkBounds) {
    if (!region)
      scheduler.fail([&] {
        return makeFault("bounds", global.describe(first, bytes) + ": " + spellNow(kind, place) +
                                       ", " + std::to_string(bytes) + " bytes");
      });
    const std::int64_t offset = first - region->begin;
    const std::int64_t gap = isWrite(kind) ? region->elements.firstGapOfStore(offset, bytes)
                                           : region->elements.firstGapOfLoad(offset, bytes);
    if (gap >= 0)
      scheduler.fail([&] {
        return makeFault("bounds", "byte " + std::to_string(gap) + " of buffer '" +
                                       region->buffer.name +
                                       "' is between its elements: " + spellNow(kind, place) +
                                       ", " + std::to_string(bytes) + " bytes");
      });
    if (first % alignment != 0)
      scheduler.fail([&] {
        return makeFault("alignment", "byte " + std::to_string(first - region->begin) +
                                          " of buffer '" + region->buffer.name +
                                          "' is not aligned to " + std::to_string(alignment) +
                                          " bytes: " + spellNow(kind, place));
      });
    if (isWrite(kind) && !region->buffer.writable)
      scheduler.fail([&] {
        return makeFault("input", "byte " + std::to_string(first - region->begin) + " of buffer '" +
                                      region->buffer.name +
                                      "', which is an input, is written: " + spellNow(kind, place));
      });
  }
  if (!options.checkRaces || !region || !region->buffer.writable)
    return;
  const std::size_t offset = first - region->begin, granule = region->buffer.granule;
  const Access mine = accessNow(kind, place);
  const Accessor accessor{mine, scheduler.current().known};
  for (std::size_t i = offset / granule; i * granule < offset + bytes; ++i)
    checkCell(region->cells[i], region->buffer.initialized, accessor, kind,
              {&region->buffer.name, i * granule});
}

char *Execution::touchShared(const void *address, std::uint32_t bytes, std::uint32_t alignment,
                             Kind kind, Place place) {
  scheduler.access();
  const std::size_t offset = static_cast<const char *>(address) - sharedMap;
  if (!sharedMap || offset >= sharedBytes || bytes > sharedBytes - offset)
    scheduler.fail([&] {
      return makeFault("bounds", "an access to shared memory, which has " +
                                     std::to_string(sharedBytes) + " bytes, is at byte " +
                                     std::to_string(static_cast<std::int64_t>(offset)) + ": " +
                                     spellNow(kind, place));
    });
  if (offset % alignment != 0)
    scheduler.fail([&] {
      return makeFault("alignment",
                       "byte " + std::to_string(offset) + " of shared memory is not aligned to " +
                           std::to_string(alignment) + " bytes: " + spellNow(kind, place));
    });
  const SharedMemory &shared = scheduler.current().block->shared;
  if (options.checkRaces) {
    const Access mine = accessNow(kind, place);
    const Accessor accessor{mine, scheduler.current().known};
    for (std::size_t i = offset; i < offset + bytes; ++i)
      checkCell(shared.cell(i), false, accessor, kind, {nullptr, i});
  }
  return shared.address(offset);
}

void Execution::startCopy(const PendingCopy &copy, Kind kind) {
  if (copy.present > 0)
    touchGlobal(copy.from, copy.present, copy.bytes, kind, copy.place);
  if (scheduler.flipCoin())
    land(copy);
  else
    scheduler.current().copies.push_back(copy);
}

void Execution::land(const PendingCopy &copy) {
  auto *cell =
      static_cast<char *>(touchShared(copy.to, copy.bytes, copy.bytes, Kind::write, copy.place));
  std::memcpy(cell, copy.from, copy.present);
  std::memset(cell + copy.present, 0, copy.bytes - copy.present);
}

void Execution::awaitCopies(std::uint32_t open) {
  Fiber &me = scheduler.current();
  std::erase_if(me.copies, [&](const PendingCopy &copy) {
    bool closed = copy.group + open < me.copyGroup;
    if (closed)
      land(copy);
    return closed;
  });
}

void Execution::countBytes(std::uint64_t *cell, std::int64_t bytes, Place place) {
  scheduler.giveWay();
  void *state = touchShared(cell, 8, 8, Kind::atomicWrite, place);
  std::uint32_t words[2]; // bytes that are expected; times at which all had landed
  std::memcpy(words, state, sizeof words);
  words[0] += static_cast<std::uint32_t>(bytes);
  acquire(state); // what one thread has landed, the others of a cell tell, too
  release(state);
  if (bytes < 0) {
    words[1] += words[0] == 0;
    scheduler.progress();
  }
  std::memcpy(state, words, sizeof words);
}

void Execution::arrive(std::uint64_t *cell, std::uint32_t of, Place place) {
  scheduler.giveWay();
  void *state = touchShared(cell, 8, 8, Kind::atomicWrite, place);
  std::uint32_t words[2]; // threads that have arrived; times at which all had
  std::memcpy(words, state, sizeof words);
  acquire(state);
  release(state);
  if (++words[0] == of) {
    words[0] = 0;
    ++words[1];
    scheduler.progress();
  }
  std::memcpy(state, words, sizeof words);
}

void Execution::release(const void *address) {
  Fiber &me = scheduler.current();
  auto all = me.known ? std::make_shared<Knowledge>(*me.known) : std::make_shared<Knowledge>();
  all->addOwn(scheduler.now());
  ++me.clock;
  flags[address] = std::move(all);
}

void Execution::acquire(const void *address) {
  auto told = flags.find(address);
  Fiber &me = scheduler.current();
  if (told == flags.end() || told->second == me.lastTold)
    return;
  me.lastTold = told->second;
  me.known = join(me.known, told->second);
  me.block->told = true;
}

const Hooks hookTable{
    .threadIndex = [] { return active->scheduler.current().thread; },
    .blockIndex = [] { return active->scheduler.current().block->number; },
    .blockCount = [] { return active->scheduler.blocks(); },
    .awaitLaunchBefore = [] { active->scheduler.current().awaits = false; },
    .blockBarrier = [](Place place) { active->scheduler.blockBarrier(place); },
    .warpBarrier = [](Place place) { active->scheduler.warpBarrier(place); },
    .shuffle = [](const void *own, void *result, uint32_t bytes, uint32_t source,
                  Place place) { active->scheduler.shuffle(own, result, bytes, source, place); },
    .gather = [](const void *own, void *all, uint32_t bytes,
                 Place place) { active->scheduler.gather(own, all, bytes, place); },
    .globalLoad = [](const void *address, uint32_t bytes, uint32_t alignment, bool readOnly,
                     Place place) -> const void * {
      active->touchGlobal(address, bytes, alignment, readOnly ? Kind::readOnly : Kind::read, place);
      return address;
    },
    .globalStore = [](void *address, uint32_t bytes, uint32_t alignment, Place place) -> void * {
      active->touchGlobal(address, bytes, alignment, Kind::write, place);
      active->scheduler.progress();
      return address;
    },
    .sharedLoad = [](const void *address, uint32_t bytes, uint32_t alignment,
                     Place place) -> const void * {
      return active->touchShared(address, bytes, alignment, Kind::read, place);
    },
    .sharedStore = [](void *address, uint32_t bytes, uint32_t alignment, Place place) -> void * {
      return active->touchShared(address, bytes, alignment, Kind::write, place);
    },
    .storeRelease =
        [](uint32_t *address, uint32_t value, Place place) {
          active->scheduler.giveWay();
          active->touchGlobal(address, 4, 4, Kind::atomicWrite, place);
          active->release(address);
          active->scheduler.progress();
          *address = value;
        },
    .loadAcquire =
        [](const uint32_t *address, Place place) {
          active->scheduler.look(place);
          active->scheduler.giveWay();
          active->touchGlobal(address, 4, 4, Kind::atomicRead, place);
          active->acquire(address);
          return *address;
        },
    .atomicAdd =
        [](uint32_t *address, uint32_t value, Place place) {
          active->scheduler.giveWay();
          active->touchGlobal(address, 4, 4, Kind::atomicWrite, place);
          active->acquire(address);
          active->release(address);
          active->scheduler.progress();
          const uint32_t before = *address;
          *address += value;
          return before;
        },
    .storeRelaxed =
        [](void *address, const void *value, uint32_t bytes, Place place) {
          active->scheduler.giveWay();
          active->touchGlobal(address, bytes, bytes, Kind::atomicWrite, place);
          active->scheduler.progress();
          std::memcpy(address, value, bytes);
        },
    .loadRelaxed =
        [](const void *address, void *value, uint32_t bytes, Place place) {
          active->scheduler.look(place);
          active->scheduler.giveWay();
          active->touchGlobal(address, bytes, bytes, Kind::atomicRead, place);
          std::memcpy(value, address, bytes);
        },
    .addRelaxed =
        [](uint32_t *address, uint32_t value, Place place) {
          active->scheduler.giveWay();
          active->touchGlobal(address, 4, 4, Kind::atomicWrite, place);
          active->scheduler.progress();
          const uint32_t before = *address;
          *address += value;
          return before;
        },
    .startCopy =
        [](void *to, const void *from, uint32_t bytes, uint32_t present, bool readOnly,
           Place place) {
          active->startCopy(
              {to, from, bytes, present, active->scheduler.current().copyGroup, place},
              readOnly ? Kind::readOnly : Kind::read);
        },
    .closeCopies = [] { ++active->scheduler.current().copyGroup; },
    .awaitCopies = [](uint32_t open) { active->awaitCopies(open); },
    .expectBytes = [](uint64_t *cell, uint32_t bytes,
                      Place place) { active->countBytes(cell, bytes, place); },
    .landBytes = [](uint64_t *cell, uint32_t bytes,
                    Place place) { active->countBytes(cell, -std::int64_t{bytes}, place); },
    .arrive = [](uint64_t *cell, uint32_t of, Place place) { active->arrive(cell, of, place); },
    .timesLanded =
        [](const uint64_t *cell, Place place) {
          active->scheduler.look(place);
          active->scheduler.giveWay();
          const void *state = active->touchShared(cell, 8, 8, Kind::atomicRead, place);
          active->acquire(state);
          return static_cast<const uint32_t *>(state)[1];
        },
};

} // namespace scanc::emulation
