//===- Accesses.cpp - Loops, offsets and guards of an access --------------===//
#include "compiler/emission/Accesses.h"

#include "compiler/emission/Names.h"
#include "mlir/IR/AffineExpr.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace scanc::emission {

/// The dim of a map's result and the steps that it looks back.
static std::pair<int64_t, int64_t> dimAndDelay(AffineExpr expr) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return {dim.getPosition(), 0};
  auto sum = cast<AffineBinaryOpExpr>(expr);
  return {cast<AffineDimExpr>(sum.getLHS()).getPosition(),
          -cast<AffineConstantExpr>(sum.getRHS()).getValue()};
}

AccessText::AccessText(plan::KernelInterface kernel, plan::AccessAttr access, Type element,
                       std::string member, plan::PolicyAttr policy, int64_t width)
    : kernel(kernel), map(access.getMap()),
      parameter(identifier(access.getParameter().getValue())), member(std::move(member)),
      elementName(spellElement(element)), policy(policy), width(width) {
  int64_t time = kernel.getTimeDim();
  std::vector<Dimension> steps, lanes, indices;
  for (unsigned i = 0; i < map.getNumResults(); ++i) {
    auto [dim, back] = dimAndDelay(map.getResult(i));
    if (dim == time) {
      timeResult = i;
      delay = back;
      steps.push_back({Axis::step, policy.getSteps(), i, dim});
    } else if (dim == time - 1) {
      lanes.push_back({Axis::lane, policy.getLanes(), i, dim});
    } else if (dim > time) {
      indices.push_back({Axis::index, kernel.getDim(dim).getSize(), i, dim});
    }
  }
  for (auto *list : {&steps, &lanes, &indices})
    dimensions.insert(dimensions.end(), list->begin(), list->end());
  // The contiguous dimension of the parameter last, where the array has it.
  for (size_t i = 0; i + 1 < dimensions.size(); ++i)
    if (dimensions[i].result + 1 == map.getNumResults()) {
      std::rotate(dimensions.begin() + i, dimensions.begin() + i + 1, dimensions.end());
      break;
    }
}

std::string AccessText::stride(unsigned result) const {
  return formatv("offset(args.{0}.stride[{1}])", parameter, result);
}

std::string AccessText::declaration() const {
  std::string text = elementName + " " + member;
  for (const Dimension &dim : dimensions)
    text += "[" + std::to_string(dim.extent) + "]";
  return text + (dimensions.empty() ? "[1];" : ";");
}

std::string AccessText::element(const Indices &indices) const {
  std::string text = member;
  // `indices` are in the kernel's order of register dims; the array's may be another.
  std::vector<int64_t> order;
  for (const Dimension &dim : dimensions)
    if (dim.axis == Axis::index)
      order.push_back(dim.kernelDim);
  std::vector<int64_t> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (const Dimension &dim : dimensions) {
    if (dim.axis == Axis::index)
      text += "[" +
              indices[std::find(sorted.begin(), sorted.end(), dim.kernelDim) - sorted.begin()] +
              "]";
    else
      text += dim.axis == Axis::step ? "[v]" : "[l]";
  }
  return text + (dimensions.empty() ? "[0]" : "");
}

std::string AccessText::base() const {
  std::string text;
  for (unsigned i = 0; i < map.getNumResults(); ++i) {
    int64_t dim = dimAndDelay(map.getResult(i)).first;
    if (dim >= kernel.getTimeDim())
      continue;
    text += (text.empty() ? "" : " + ") +
            formatv("at_{0} * {1}", kernel.getDim(dim).getName().getValue(), stride(i)).str();
  }
  return text.empty() ? "0" : text;
}

std::string AccessText::offsetOf(const Dimension &dim, const std::string &index) const {
  return index + " * " + stride(dim.result);
}

std::string AccessText::pointOffset(const Indices &indices) const {
  std::string text = "at." + member;
  unsigned next = 0;
  std::vector<Dimension> sorted = dimensions;
  std::sort(sorted.begin(), sorted.end(), [](const Dimension &a, const Dimension &b) {
    return a.kernelDim < b.kernelDim;
  });
  for (const Dimension &dim : sorted)
    text += " + " + offsetOf(dim, dim.axis == Axis::lane ? "l" : indices[next++]);
  return text;
}

void AccessText::printMove(CodeWriter &writer, bool store) const {
  static const char *const names[] = {"i", "j", "k", "m"};
  std::string array = (store ? "out." : variesWithTime() ? "in." : "at.") + member;
  std::string place = data() + " + " + (variesWithTime() ? "at." + member : member + "_at");
  bool vector = width > 1 && !dimensions.empty();
  bool alongTime = vector && dimensions.back().axis == Axis::step;
  std::string guard; ///< a condition on this step; empty when it is always read
  unsigned opened = 0, next = 0;
  for (size_t i = 0; i < dimensions.size(); ++i) {
    const Dimension &dim = dimensions[i];
    bool innermost = i + 1 == dimensions.size();
    if (innermost && vector && dim.extent == width) { // one access fills the dimension
      if (dim.axis == Axis::step)
        place += kernel.getReverse()
                     ? formatv(" + (steps() - first - {0})", width).str()
                     : std::string(" + first");
      continue;
    }
    std::string variable = dim.axis == Axis::step ? "v" : dim.axis == Axis::lane ? "l" : names[next++];
    std::string index = variable;
    if (innermost && vector) {
      writer.openLoop(variable, std::to_string(dim.extent / width));
      index = formatv("({0} * {1})", variable, width);
    } else {
      writer.openLoop(variable, std::to_string(dim.extent));
    }
    ++opened;
    if (dim.axis == Axis::step) {
      guard = "v < active";
      if (delay > 0)
        guard += formatv(" && first + v >= {0}", delay);
      place += " + when(first + v" + (delay > 0 ? " - " + std::to_string(delay) : std::string()) +
               ") * " + stride(dim.result);
    } else {
      place += " + " + offsetOf(dim, index);
    }
    array += "[" + index + "]";
  }
  // `array` now names one element, or, for a vector access, the innermost array or a part of it.
  bool whole = vector && !dimensions.empty() && dimensions.back().extent == width;
  std::string pointer = !vector || !whole ? "&" + array : array;
  if (dimensions.empty())
    pointer = array;
  std::string count = "<" + std::to_string(vector ? width : 1) + ">";
  std::string call;
  if (alongTime) {
    std::string suffix = kernel.getReverse() ? "_reversed" : "";
    call = store ? formatv("thread::store{0}{1}({2}, {3}, active);", suffix, count, place, pointer)
                 : formatv("thread::load{0}{1}({2}, {3}, active);", suffix, count, pointer, place);
  } else {
    call = store ? formatv("thread::store{0}({1}, {2});", count, place, pointer)
                 : formatv("thread::load{0}({1}, {2});", count, pointer, place);
  }
  if (guard.empty()) {
    writer.line(call);
  } else {
    writer.line("if (" + Twine(guard) + ")");
    writer.line("  " + Twine(call));
    if (delay > 0) {
      writer.line("else");
      writer.line(formatv("  thread::clear{0}({1});", count, pointer).str());
    }
  }
  while (opened--)
    writer.close();
}

} // namespace scanc::emission
