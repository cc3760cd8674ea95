//===- Fixture.h - A recurrence written by hand, and launches of it -------===//
#ifndef SCANC_TESTS_TEMPLATES_FIXTURE_H
#define SCANC_TESTS_TEMPLATES_FIXTURE_H

#include "scanc/Tensor.h"
#include "templates/scanc/core/policy.cuh"
#include "tests/emulation/Emulation.h"
#include "tests/templates/Library.h"

#include <initializer_list>
#include <ostream>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace scanc::templates {

/// Words of the text and what stands there instead, in this order.
using Replacements = std::vector<std::pair<std::string, std::string>>;

/// What a look_back kernel has beside its policy.
struct LookBack {
  int runs = 0;               ///< of a thread; 0: not a look_back kernel
  std::int64_t laneBytes = 0; ///< of the maps of one lane's states
};

/// One of fixtures/*.cu with another policy in place of its own. More than one thread along time
/// makes it a blelloch kernel, runs a look_back kernel.
struct Variant {
  std::string fixture; ///< file name without its ending
  device::policy shape;
  Replacements replacements = {};
  LookBack lookBack = {};

  bool isLookBack() const { return lookBack.runs > 0; }
  bool isBlelloch() const { return shape.time_threads > 1 && !isLookBack(); }
  bool isTimeOrder() const { return shape.walk == device::order::time; }
  /// CUDA C++, as the emitter would have printed it for this policy.
  std::string text() const;
  /// The entry point of the text.
  std::string entry() const;
};

std::ostream &operator<<(std::ostream &out, const Variant &variant);

/// A tensor of a launch. Every element is a NaN until it is set.
class Operand {
public:
  enum class Role { input, output };

  /// `pitch`: elements between rows of the last dimension; 0 packs them.
  Operand(std::string name, Role role, Dtype dtype, std::vector<std::int64_t> sizes,
          std::int64_t pitch = 0);

  double at(std::initializer_list<std::int64_t> place) const;
  void set(std::initializer_list<std::int64_t> place, double value);
  /// Elements between the rows, which no kernel may read or write.
  bool gapsAreUntouched() const;

  const std::string &getName() const { return name; }
  const std::vector<unsigned char> &getBytes() const { return bytes; }
  void appendWords(std::vector<std::uint64_t> &words);
  emulation::Buffer buffer();

private:
  std::int64_t offsetOf(std::initializer_list<std::int64_t> place) const;

  std::string name;
  Role role;
  Dtype dtype;
  std::vector<std::int64_t> sizes, strides;
  std::vector<unsigned char> bytes;
};

/// Random numbers, the same on every machine.
class Numbers {
public:
  explicit Numbers(std::uint64_t seed) : state(seed * 2 + 1) {}
  double uniform(double low, double high);

private:
  std::uint64_t state;
};

/// Runs the variant in the CPU emulation: `operands` in the order of the struct `arguments`, then
/// `sizes`, the steps among them last in time order and second in lanes order; `laneGroups` are
/// groups of `shape.lanes` adjacent lanes. `templates` is the folder of the device library.
Result<void> run(const Variant &variant, std::span<Operand *const> operands,
                 std::span<const std::int64_t> sizes, std::int64_t laneGroups,
                 std::uint64_t seed = 1, const std::string &templates = library());

} // namespace scanc::templates

#endif // SCANC_TESTS_TEMPLATES_FIXTURE_H
