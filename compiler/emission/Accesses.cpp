//===- Accesses.cpp - Loops, offsets and guards of an access --------------===//
#include "compiler/emission/Accesses.h"

#include "compiler/emission/Names.h"
#include "mlir/IR/AffineExpr.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

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
                       std::string member, plan::PolicyAttr policy, int64_t width, bool common)
    : kernel(kernel), map(access.getMap()),
      parameter(identifier(access.getParameter().getValue())), member(std::move(member)),
      elementName(spellElement(element)), policy(policy), width(width), common(common) {
  int64_t time = kernel.getTimeDim();
  std::vector<Dimension> steps, lanes, indices;
  for (unsigned i = 0; i < map.getNumResults(); ++i) {
    auto [dim, back] = dimAndDelay(map.getResult(i));
    if (dim == time) {
      timeResult = i;
      delay = back;
      steps.push_back({Axis::step, turns().count, i, dim});
    } else if (dim == time - 1) {
      lanes.push_back({Axis::lane, policy.getLanes(), i, dim});
    } else if (dim == kernel.getSegmentDim()) {
      segmentResult = i;
    } else if (dim > time) {
      int64_t share = llvm::divideCeil(kernel.getDim(dim).getSize(), parts());
      indices.push_back({Axis::index, share, i, dim});
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

void AccessText::bringMore(int64_t rows) {
  delay += rows;
  ahead = rows;
  llvm::find_if(dimensions, [](const Dimension &dim) { return dim.axis == Axis::step; })->extent += rows;
}

void AccessText::readRowsOf(const AccessText &bringer, int64_t first) {
  member = bringer.member;
  ahead = first;
  brought = true;
}

/// Whether each thread has steps of its own, and not points.
bool AccessText::isOwned() const {
  auto isRegister = [&](AffineExpr expr) { return dimAndDelay(expr).first > kernel.getTimeDim(); };
  return parts() > 1 && llvm::none_of(map.getResults(), isRegister);
}

AccessText::Turns AccessText::turns() const {
  int64_t sharers = isOwned() ? parts() : common ? 32 / parts() : 1; // of a lane's tile, of a warp's
  std::string first = isOwned() ? "at.part" : common ? "at.turn" : "";
  int64_t count = llvm::divideCeil(policy.getSteps(), sharers);
  bool even = policy.getSteps() % sharers == 0;
  if (first.empty() || policy.getWalk() == plan::Walk::Lanes)
    return {count, sharers, even, first};
  // Adjacent steps, for a vector.
  return {count, 1, even, count == 1 ? first : formatv("{0} * {1}", first, count).str()};
}

std::string AccessText::Turns::step(const std::string &i) const {
  if (first.empty())
    return i;
  std::string place = every == 1 ? i : formatv("{0} * {1}", i, every).str();
  return i == "0" ? first : place + " + " + first;
}

std::string guardOfPoint(StringRef index, int64_t size, int64_t parts) {
  if (size % parts == 0)
    return {};
  return formatv("at.part * {0} + {1} < {2}", llvm::divideCeil(size, parts), index, size);
}

std::string guardOfLane(plan::PolicyAttr policy, StringRef lane) {
  if (!policy.getPhased())
    return {};
  return formatv("warp::place_in_strip({0}) < at.strip", lane);
}

/// How many lanes after the first in `lane` lane `l` lies.
std::string AccessText::laneIndex(const std::string &lane) const {
  return !policy.getPhased() ? lane : "warp::place_in_strip(" + lane + ")";
}

std::string AccessText::stride(unsigned result) const {
  return formatv("offset(args.{0}.stride[{1}])", parameter, result);
}

std::string AccessText::declaration(bool packed) const {
  int64_t innermost = dimensions.empty() ? 1 : dimensions.back().extent;
  // What is loaded one by one ahead of its use is not packed.
  bool loose = width == 1 && parts() > 1 && policy.getRing() == 0 && variesWithTime();
  std::string text = packed ? formatv("{0}<{1}, {2}> {3}", loose ? "loose" : "row", elementName,
                                      innermost, member)
                                  .str()
                            : elementName + " " + member;
  for (size_t i = 0; i + 1 < dimensions.size(); ++i)
    text += "[" + std::to_string(dimensions[i].extent) + "]";
  return text + (packed ? ";" : "[" + std::to_string(innermost) + "];");
}

bool AccessText::isInStrips() const {
  return policy.getPhased() && variesWithTime() && dimensions.back().axis == Axis::lane;
}

std::string AccessText::stripShape() const {
  return formatv("{0}, {1}, {2}", elementName, policy.getStrip(), policy.getSteps());
}

/// The row of a strip that is read or written at `step`.
std::string AccessText::rowOf(const std::string &step) const {
  return formatv("{0} + at.{1} + when({2}{3}) * {4}", data(), member, step,
                 delay > 0 ? " - " + std::to_string(delay) : "", stride(timeResult));
}

std::string AccessText::rowStride() const {
  return formatv("{0}args.{1}.stride[{2}]", kernel.getReverse() ? "-" : "", parameter, timeResult);
}

std::string AccessText::source() const { return rowOf("0") + ", " + rowStride() + ", at.strip"; }

std::string AccessText::head() const {
  std::string row = data() + " + at." + member;
  if (kernel.getReverse()) // from the end of the row back to an aligned address
    return formatv("thread::phase_of<{0}>({1} + steps())", width, row);
  return formatv("({0} - thread::phase_of<{0}>({1})) % {0}", width, row);
}

std::string AccessText::cells(int64_t threads) const {
  if (isInStrips())
    return formatv("warp::strip_cells<{0}> {1}[{2}];", stripShape(), member, threads / 32);
  std::string rows = declaration(/*packed=*/true);
  rows.pop_back(); // the semicolon
  return formatv("alignas(16) {0}[{1}];", rows, threads);
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
    else if (dim.axis == Axis::step)
      text += ahead > 0 ? formatv("[v + {0}]", ahead).str() : "[v]";
    else
      text += "[l]";
  }
  return text + (dimensions.empty() ? "[0]" : "");
}

std::string AccessText::base() const {
  std::string text;
  for (unsigned i = 0; i < map.getNumResults(); ++i) {
    int64_t dim = dimAndDelay(map.getResult(i)).first;
    std::string place;
    if (dim < kernel.getTimeDim())
      place = "at_" + kernel.getDim(dim).getName().str();
    else if (dim > kernel.getTimeDim() && parts() > 1)
      place = formatv("at.part * {0}", llvm::divideCeil(kernel.getDim(dim).getSize(), parts()));
    if (!place.empty())
      text += (text.empty() ? "" : " + ") + place + " * " + stride(i);
  }
  return text.empty() ? "0" : text;
}

std::string AccessText::pointOffset(const Indices &indices) const {
  return offsetOf(indices, /*adjacentLanes=*/true);
}

std::string AccessText::stepOffset(const Indices &indices) const {
  return offsetOf(indices, /*adjacentLanes=*/false);
}

std::string AccessText::offsetOf(const Indices &indices, bool adjacentLanes) const {
  std::string text = "at." + member;
  unsigned next = 0;
  int64_t latest = -1; // of the indices taken: one that stands twice, as in x[t,i,i], is the same
  std::vector<Dimension> sorted = dimensions;
  std::sort(sorted.begin(), sorted.end(), [](const Dimension &a, const Dimension &b) {
    return a.kernelDim < b.kernelDim;
  });
  for (const Dimension &dim : sorted) {
    if (dim.axis == Axis::lane && !adjacentLanes)
      continue;
    next += dim.axis == Axis::index && latest >= 0 && latest != dim.kernelDim;
    latest = dim.axis == Axis::index ? dim.kernelDim : latest;
    std::string index = dim.axis == Axis::lane   ? laneIndex()
                        : dim.axis == Axis::step ? delay == 0 ? "when(step)" : formatv("when(step - {0})", delay).str()
                                                 : indices[next];
    text += " + " + index + " * " + stride(dim.result);
  }
  if (segmentResult >= 0)
    text += " + segment * " + stride(segmentResult);
  return text;
}

/// The loop over one dimension of an array: its variable, or "0" where there is one point only.
std::string AccessText::openLoop(CodeWriter &writer, const Dimension &dim, int64_t count,
                                 unsigned depth) const {
  static const char *const names[] = {"i", "j", "k", "m"};
  if (count == 1)
    return "0";
  std::string variable = dim.axis == Axis::step ? "v" : dim.axis == Axis::lane ? "l" : names[depth];
  writer.openLoop(variable, std::to_string(count));
  return variable;
}

/// ` + index * stride`, nothing for index 0.
static std::string term(const std::string &index, const std::string &stride) {
  return index == "0" ? std::string() : " + " + index + " * " + stride;
}

/// Strips, for a whole warp.
void AccessText::printStripsMove(CodeWriter &writer, Move move) const {
  std::string cells = member + "[thread_index() / 32]", stride = rowStride();
  switch (move) {
  case Move::load:
    writer.line(formatv("warp::load_strips<shape, {0}>(in.{1}, {2}, {3}, first, active, at.strip);", delay,
                        member, rowOf("first"), stride)
                    .str());
    break;
  case Move::store:
    writer.line(formatv("warp::store_strips<shape>({0}, {1}, out.{2}, active, at.strip);", rowOf("first"),
                        stride, member)
                    .str());
    break;
  case Move::fetch:
    writer.line(formatv("warp::fetch_strips<{0}>(to.{1}, of.{2}, {3}, {4}, first, steps(), at.strip, {5});",
                        delay, cells, member, rowOf("0"), stride, data())
                    .str());
    break;
  case Move::take:
    writer.line(formatv("warp::take_strips<shape>(in.{0}, from.{1}, {2}, {3});", member, cells, rowOf("0"),
                        stride)
                    .str());
    break;
  }
}

/// Whole rows, from the cells of this thread.
void AccessText::printTake(CodeWriter &writer) const {
  std::string rows;
  unsigned opened = 0, depth = 0;
  for (size_t i = 0; i + 1 < dimensions.size(); ++i) {
    std::string index = openLoop(writer, dimensions[i], dimensions[i].extent, depth);
    opened += dimensions[i].extent > 1;
    depth += dimensions[i].axis == Axis::index;
    rows += "[" + index + "]";
  }
  bool reversed = kernel.getReverse() && isAlongTime();
  writer.line(formatv("in.{0}{1} = thread::take{2}(from.{0}{1}[thread_index()]);", member, rows,
                      reversed ? "_reversed" : "")
                  .str());
  while (opened--)
    writer.close();
}

void AccessText::printMove(CodeWriter &writer, Move move) const {
  if (isInStrips())
    return printStripsMove(writer, move);
  if (move == Move::take)
    return printTake(writer);
  std::string array = (move == Move::store   ? "out."
                       : move == Move::fetch ? "to."
                       : variesWithTime()    ? "in."
                                             : "at.") +
                      member;
  std::string place = data() + " + " + (variesWithTime() ? "at." + member : member + "_at");
  SmallVector<std::string> guards; // conditions on this step; none when every step exists
  std::string first = "0"; // of the elements of the innermost dimension that one access moves
  bool alongTime = false;
  SmallVector<std::string> ends; // what stands at the end of each open loop's body
  unsigned depth = 0;
  for (size_t i = 0; i < dimensions.size(); ++i) {
    const Dimension &dim = dimensions[i];
    bool innermost = i + 1 == dimensions.size();
    if (innermost && isAlongTime()) {
      alongTime = true;
      std::string begin = turns().first;
      if (kernel.getReverse())
        place += formatv(" + (steps() - first{0}{1} - {2})", begin.empty() ? "" : " - ", begin, width);
      else
        place += " + first" + (begin.empty() ? "" : " + " + begin);
      break;
    }
    int64_t count = innermost ? dim.extent / width : dim.extent;
    // Addresses go from step to step: one for each step would take more registers than the tile.
    bool isStep = dim.axis == Axis::step;
    if (isStep) {
      std::string start = turns().first.empty() ? "first" : "first + " + turns().first;
      if (delay > 0)
        start += " - " + std::to_string(delay);
      writer.line(formatv("{0}{1} *{2} = {3} + when({4}) * {5};",
                          move == Move::store ? "" : "const ", elementName, member, place, start,
                          stride(dim.result))
                      .str());
      place = member;
    }
    std::string index = openLoop(writer, dim, count, depth);
    if (count > 1)
      ends.push_back(isStep ? formatv("{0} {1}= {2}args.{3}.stride[{4}];", member,
                                      kernel.getReverse() ? "-" : "+",
                                      turns().every > 1 ? std::to_string(turns().every) + " * " : "",
                                      parameter, dim.result)
                                  .str()
                            : std::string());
    depth += dim.axis == Axis::index;
    if (innermost && width > 1 && count > 1)
      index = formatv("({0} * {1})", index, width);
    if (isStep) {
      std::string step = turns().step(index);
      bool whole = !turns().first.empty() && turns().even;
      if (move != Move::fetch || policy.getShifted())
        guards.push_back(whole       ? formatv("(active == {0} || {1} < active)", policy.getSteps(), step)
                         : ahead > 0 ? formatv("active > 0 && {0} < active + {1}", step, ahead)
                                     : step + " < active");
      if (delay > 0)
        guards.push_back(
            formatv("{0} >= {1}", step == "0" ? "first" : "first + " + step, delay).str());
    } else {
      if (dim.axis == Axis::index && parts() > 1)
        if (std::string guard =
                guardOfPoint(index, kernel.getDim(dim.kernelDim).getSize(), parts());
            !guard.empty())
          guards.push_back(guard);
      bool isLane = dim.axis == Axis::lane;
      if (std::string guard = guardOfLane(policy, index); isLane && !guard.empty())
        guards.push_back(guard);
      place += term(isLane ? laneIndex(index) : index, stride(dim.result));
    }
    if (innermost)
      first = index;
    else
      array += "[" + index + "]";
  }
  if (move == Move::fetch)
    array += "[thread_index()]";
  printCall(writer, move, alongTime, array, first, place, llvm::join(guards, " && "));
  while (!ends.empty()) {
    if (std::string end = ends.pop_back_val(); !end.empty())
      writer.line(end);
    writer.close();
  }
}

/// The access itself, under its guard; a window's read before the start of time gives zero.
void AccessText::printCall(CodeWriter &writer, Move move, bool alongTime,
                           const std::string &array, const std::string &first,
                           const std::string &place, const std::string &guard) const {
  std::string call;
  bool store = move == Move::store;
  if (alongTime && (move != Move::fetch || policy.getShifted())) {
    std::string active = "active";
    if (std::string begin = turns().first; !begin.empty())
      active = formatv("thread::steps_among<{0}, {1}>(active, {2})", policy.getSteps(), width, begin);
    call = formatv("thread::{0}{1}<{2}>({3}, {4}, {5});",
                   store                 ? "store"
                   : move == Move::fetch ? "fetch"
                                         : "load",
                   kernel.getReverse() ? "_reversed" : "", width, store ? place : array,
                   store ? array : place, active);
  } else if (move == Move::fetch)
    call = formatv("thread::fetch<{0}>({1}, {2}, {3});", width, array, first, place);
  else if (width > 1)
    call = store ? formatv("thread::store<{0}>({1}, &{2}[{3}]);", width, place, array, first).str()
                 : formatv("thread::load<{0}>({1}, {2}, {3});", width, array, first, place).str();
  else
    call = store ? formatv("thread::write({0}, {1}[{2}]);", place, array, first).str()
                 : formatv("{0}.set({1}, thread::read({2}));", array, first, place).str();
  if (guard.empty()) {
    writer.line(call);
    return;
  }
  writer.line("if (" + Twine(guard) + ")");
  writer.line("  " + Twine(call));
  bool whole = variesWithTime() || move == Move::store || !policy.getPhased();
  if (delay == 0 && move != Move::fetch && whole)
    return;
  writer.line("else");
  writer.line(formatv("  thread::{0}<{1}>({2}, {3});", move == Move::fetch ? "put_zeros" : "clear",
                      width, array, first)
                  .str());
}

} // namespace scanc::emission
