//===- DenseFixture.h - fixtures/dense.cu, its operands and its result -----===//
#ifndef SCANC_TESTS_TEMPLATES_DENSEFIXTURE_H
#define SCANC_TESTS_TEMPLATES_DENSEFIXTURE_H

#include "tests/templates/Fixture.h"

#include <functional>
#include <span>

namespace scanc::templates {

/// fixtures/dense.cu for another state size, element type and policy. A policy with chunks makes
/// it a kernel whose blocks share a sequence.
struct DenseVariant {
  int size;
  std::string shape;           ///< the policy, in braces
  std::string element = "f16"; ///< of the matrices
  bool whole = true;           ///< rows of a matrix are copied in whole pieces of 16 bytes
  std::string sharing = "cyclic_reduction"; ///< the kernel, where blocks share a sequence

  bool sharesTime() const { return shape.find(".chunk") != std::string::npos; }
  std::string text() const;
  int policyField(const std::string &name) const;
  std::int64_t width() const; ///< of a padded row
  std::int64_t sharedBytes() const;
  std::int64_t blocks(std::int64_t sequences, std::int64_t steps) const;
  /// Of the workspace: what is zero at launch, and what is not.
  std::int64_t flagBytes(std::int64_t sequences, std::int64_t steps) const;
  std::int64_t mapBytes(std::int64_t sequences, std::int64_t steps) const;
  /// Of the second, before the prefix of the first step; of a prefix.
  std::int64_t prefixesAt(std::int64_t sequences, std::int64_t steps) const;
  std::int64_t prefixBytes() const;
};

std::ostream &operator<<(std::ostream &out, const DenseVariant &variant);

/// A folder with the device library in which `from`, found in `header`, reads `to`.
std::string withoutLine(const std::string &header, const std::string &from, const std::string &to);

/// How large the numbers of a problem are.
struct Magnitudes {
  /// By how much step t multiplies a state, about.
  std::function<double(std::int64_t)> growth = [](std::int64_t) { return 1; };
  double initial = 1, input = 1;
  std::int64_t zeroRows = 0; ///< of every matrix, from the first one on
};

/// Random operands, and what a loop makes of them.
class DenseProblem {
public:
  DenseProblem(const DenseVariant &variant, std::int64_t sequences, std::int64_t steps,
               std::uint64_t seed, const Magnitudes &magnitudes = {});

  Result<emulation::Statistics> run(const DenseVariant &variant, std::uint64_t seed,
                                    const std::string &templates = library());
  const std::vector<unsigned char> &states() const { return h.getBytes(); }
  /// Of all states and of the final one: the norm of the difference over the norm. A NaN counts.
  double error() const;
  /// Of the products of all matrices up to each step that a kernel has left in its workspace.
  double errorOfPrefixes(const DenseVariant &variant) const;
  /// Whether a kernel has left them so, as it was given them.
  bool flagsAreZero() const;

private:
  std::vector<std::uint64_t> workspace;
  std::int64_t prefixesAt = 0; ///< words before them
  std::span<const char> flags;
  std::int64_t sequences, steps, size;
  Operand A, b, h0, h, hT;
};

} // namespace scanc::templates

#endif // SCANC_TESTS_TEMPLATES_DENSEFIXTURE_H
