//===- FissionParts.cpp - Cuts off what needs no state --------------------===//
#include "compiler/analysis/Projections.h"
#include "compiler/planning/ChunkForm.h"
#include "compiler/planning/Fission.h"
#include "compiler/planning/Pins.h"
#include "compiler/planning/Tuning.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace scanc::planning {

namespace {

/// A row of inputs alone. What rounds it anyway reads it as `element`, others in f32.
struct RowBefore {
  Value value;
  Type element;
  SmallVector<Operation *> rounding; ///< users that do
};

/// What a value is made of, itself among it, in the order in which it was found; nothing behind `end`.
llvm::SetVector<Value> madeOf(ArrayRef<Value> values, Value end = {}) {
  llvm::SetVector<Value> open(values.begin(), values.end());
  for (size_t i = 0; i < open.size(); ++i)
    if (Operation *made = open[i].getDefiningOp(); made && open[i] != end)
      open.insert_range(made->getOperands());
  return open;
}

class PartExcerpt final : public Excerpt {
public:
  using Excerpt::Excerpt;

  void readComputed(Value value, plan::ParameterAttr tensor, ArrayRef<int64_t> dims,
                    llvm::function_ref<bool(Operation *)> takes) {
    readOwn(value, tensor, dims, takes);
    function.setArgAttr(function.getNumArguments() - 1, computedAttr, builder.getUnitAttr());
  }

  Value copyOf(Value original) const { return mapping.lookup(original); }
  Operation *copyOf(Operation *original) const { return mapping.lookup(original); }
  std::string symbol() { return function.getName().str(); }

  /// Results are `values`, in tensors of the plan, in place of all that there were.
  void writeOnly(ArrayRef<std::pair<Value, plan::ParameterAttr>> values, ArrayRef<int64_t> dims) {
    for (int64_t i = 0; i < loop().getNumOutputs(); ++i)
      written.insert(static_cast<unsigned>(i));
    builder.setInsertionPoint(body().getTerminator());
    for (auto [value, tensor] : values) {
      Type element = tensor.getElementType();
      Value stored = element == value.getType()
                         ? value
                         : arith::TruncFOp::create(builder, value.getLoc(), element, value).getResult();
      rows.push_back({value, stored, tensor, Dims(dims)});
    }
  }

  /// Pins but `kept` are of the scan.
  void keepPins(ArrayRef<StringRef> kept) {
    NamedAttrList pins;
    if (DictionaryAttr all = op.getPinsAttr())
      for (NamedAttribute pin : all)
        if (llvm::is_contained(kept, pin.getName().getValue()))
          pins.append(pin);
    op.setPinsAttr(pins.empty() ? DictionaryAttr() : pins.getDictionary(op.getContext()));
  }
  void dropPin(StringRef name) {
    if (!op.getPinsAttr())
      return;
    NamedAttrList others(op.getPinsAttr());
    others.erase(name);
    op.setPinsAttr(others.empty() ? DictionaryAttr() : others.getDictionary(op.getContext()));
  }

  /// What is left, as a recurrence of its own; its module goes to `modules`.
  scan::AffineOp finish(std::vector<OwningOpRef<ModuleOp>> &modules) {
    changeResults();
    dropInputs();
    dropDims();
    modules.push_back(std::move(module));
    return op;
  }
  /// The same without states, called `name`.
  scan::AffineOp finishStateless(const std::string &name, std::vector<OwningOpRef<ModuleOp>> &modules) {
    function.setName(name);
    keepPins({"deterministic"});
    dropStates();
    return finish(modules);
  }
};

/// Finds what comes off.
class Splitter {
public:
  explicit Splitter(scan::AffineOp op) : op(op), loop(this->op), sets(loop) {}

  bool find(Fission::Windows windows, Fission::Reductions reductions, std::string &reason);
  Fission take();

private:
  bool findOfChunks(Fission::Windows windows, Fission::Reductions reductions, std::string &reason);
  bool findOfProjections(std::string &reason);
  void addWindows(const ChunkForm &form, ArrayRef<const Product *> products, bool normed);
  bool readsBack(Value value) const;
  Value normOf(Value row) const;
  Excerpt::Dims dimsOf(Value value) const;
  Excerpt::Dims dimsOfReadout() const;

  scan::AffineOp op;
  scan::RecurrenceInterface loop;
  scan::IndexSets sets;
  SmallVector<RowBefore> before;
  Value readout; ///< of which all results are made behind; null: the scan makes them
  std::string rounded;
};

} // namespace

/// Whether steps before this go into `value`.
bool Splitter::readsBack(Value value) const {
  return llvm::any_of(madeOf(value), [&](Value made) {
    auto input = dyn_cast<BlockArgument>(made);
    return input && !llvm::all_of(scan::RecurrenceInterface(loop).getInputMap(input.getArgNumber()).getResults(),
                                  llvm::IsaPred<AffineDimExpr>);
  });
}

/// Lanes, time, indices.
Excerpt::Dims Splitter::dimsOf(Value value) const {
  const scan::IndexSet &lanes = sets.lanesOf(value);
  Excerpt::Dims dims(lanes.begin(), lanes.end());
  dims.push_back(scan::RecurrenceInterface(loop).getTimeDim());
  llvm::append_range(dims, sets.of(value));
  return dims;
}

/// The same of what all lanes read out, each for itself.
Excerpt::Dims Splitter::dimsOfReadout() const {
  scan::RecurrenceInterface of = loop;
  Excerpt::Dims dims;
  for (int64_t i = 0; i < of.getNumDims(); ++i)
    if (of.getDim(i).getKind() == scan::DimKind::Lane)
      dims.push_back(i);
  dims.push_back(of.getTimeDim());
  llvm::append_range(dims, sets.of(readout));
  return dims;
}

/// A row times what a reduction makes of the same row, of inputs alone, where nothing else reads it; else the row.
Value Splitter::normOf(Value row) const {
  for (Operation *user : row.getUsers()) {
    if (!isa<arith::MulFOp, arith::DivFOp>(user) || sets.of(user->getResult(0)) != sets.of(row))
      continue;
    llvm::SetVector<Value> made = madeOf(user->getResult(0));
    auto enters = [&](Operation *other) {
      return llvm::any_of(other->getResults(), [&](Value value) { return made.contains(value); });
    };
    auto isReduced = [&](Value value) { return value.getDefiningOp<scan::ReduceOp>() && madeOf(value).contains(row); };
    auto isState = [](Value value) { return static_cast<bool>(value.getDefiningOp<scan::AdvanceOp>()); };
    if (llvm::all_of(row.getUsers(), enters) && llvm::any_of(made, isReduced) && llvm::none_of(made, isState))
      return user->getResult(0);
  }
  return row;
}

/// The factors of rows that windows are read for. Where the state reads them they are rounded to what its products take.
void Splitter::addWindows(const ChunkForm &form, ArrayRef<const Product *> products, bool normed) {
  SmallVector<Value> entered(form.advance->getOperands());
  entered.push_back(scan::ReduceOp(form.readout).getValue());
  for (const Product *product : products)
    for (Value factor : llvm::concat<const Value>(product->factors, product->divisors)) {
      if (sets.of(factor).empty() || !factor.getType().isF32() || !readsBack(factor))
        continue;
      if (normed)
        factor = normOf(factor);
      if (llvm::any_of(before, [&](const RowBefore &row) { return row.value == factor; }))
        continue;
      RowBefore row{factor, form.element, {}};
      llvm::SetVector<Value> inner = madeOf(entered, factor);
      for (Operation *user : factor.getUsers())
        if (user == form.advance || llvm::any_of(user->getResults(), [&](Value made) { return inner.contains(made); }))
          row.rounding.push_back(user);
      before.push_back(std::move(row));
    }
}

bool Splitter::findOfChunks(Fission::Windows windows, Fission::Reductions reductions, std::string &reason) {
  std::optional<ChunkForm> form = matchChunkForm(op, reason, false, ChunkEpilogue::Any);
  const bool isRounded = form.has_value();
  std::string why;
  if (!form)
    form = matchChunkForm(op, why, true, ChunkEpilogue::Any);
  if (!form)
    return false;
  bool canStay = isRounded && reductions == Fission::Reductions::Stay;
  if (!matchChunkForm(op, why, !isRounded, canStay ? ChunkEpilogue::Reduced : ChunkEpilogue::Elementwise))
    readout = scan::ReduceOp(form->readout).getResult();
  if (windows != Fission::Windows::Stay && isRounded) {
    SmallVector<const Product *> products = {&form->query};
    auto add = [&](const CorrectedStep &step) {
      products.append({&step.key, &step.value});
      if (step.reader)
        products.push_back(&*step.reader);
    };
    add(*form);
    llvm::for_each(form->earlier, add);
    addWindows(*form, products, windows == Fission::Windows::Normed);
  }
  reason = "no window before outer products, nor a reduction of what is read out of them";
  return readout || !before.empty();
}

/// Rows that are computed of inputs, whose projections go into a state.
bool Splitter::findOfProjections(std::string &reason) {
  for (const analysis::ProjectedRow &row : analysis::findProjections(op)) {
    if (analysis::inputOf(row.row) || row.ofState)
      continue;
    auto entersState = [&](const analysis::Projection &projection) {
      Value sum = scan::ReduceOp(projection.sum).getResult();
      return llvm::any_of(op.getBody().getOps<scan::AdvanceOp>(), [&](scan::AdvanceOp advance) {
        return madeOf(SmallVector<Value>(advance->getOperands())).contains(sum);
      });
    };
    const auto *projection = llvm::find_if(row.projections, entersState);
    if (projection == row.projections.end())
      continue;
    Type element = projection->weight.getType();
    StringRef pin = element.isF16() ? "f16" : "bf16";
    if (!element.isF16() && !element.isBF16())
      reason = "a projection of a row that a step computes, by weights of another type than f16 and bf16";
    else if (!row.row.getType().isF32() || pinnedValue(loop, "precision") != pin)
      reason = formatv("a projection of a row that a step computes, which the tensor cores would round to {0} "
                       "(@precision({0}) allows it)",
                       pin);
    else
      before.push_back({row.row, element, SmallVector<Operation *>(row.row.getUsers())}), rounded = pin.str();
  }
  return !before.empty();
}

bool Splitter::find(Fission::Windows windows, Fission::Reductions reductions, std::string &reason) {
  return findOfProjections(reason) || findOfChunks(windows, reductions, reason);
}

Fission Splitter::take() {
  Fission parts;
  PartExcerpt scan(op);
  const std::string symbol = scan.symbol();
  // Of each row first what the scan reads, so that its part knows the tensors.
  for (auto [number, row] : llvm::enumerate(before)) {
    Excerpt::Dims dims = dimsOf(row.value);
    auto own = formatv("row{0}", number).str();
    Value value = scan.copyOf(row.value);
    SmallVector<Operation *> rounding;
    for (Operation *user : row.rounding)
      rounding.push_back(scan.copyOf(user));
    PartExcerpt part(op);
    SmallVector<std::pair<Value, plan::ParameterAttr>> stored;
    auto store = [&, computed = row.value](Type element, llvm::function_ref<bool(Operation *)> takes) {
      plan::ParameterAttr tensor = scan.addOwn(own, element, dims);
      scan.readComputed(value, tensor, dims, takes);
      stored.emplace_back(part.copyOf(computed), tensor);
      parts.own.push_back(tensor);
    };
    store(row.element, [&](Operation *user) { return llvm::is_contained(rounding, user); });
    if (!readout && !value.use_empty())
      store(value.getType(), [](Operation *) { return true; });
    part.writeOnly(stored, dims);
    parts.before.push_back(part.finishStateless(formatv("{0}_before{1}", symbol, number).str(), parts.modules));
  }
  if (readout) {
    Excerpt::Dims dims = dimsOfReadout();
    plan::ParameterAttr tensor = scan.addOwn("readout", readout.getType(), dims);
    parts.own.push_back(tensor);
    PartExcerpt part(op);
    part.readOwn(part.copyOf(readout), tensor, dims);
    parts.behind = part.finishStateless(symbol + "_behind", parts.modules);
    scan.writeOnly(std::pair(scan.copyOf(readout), tensor), dims);
  }
  if (!rounded.empty())
    scan.dropPin("precision");
  parts.rounded = rounded;
  parts.scan = scan.finish(parts.modules);
  return parts;
}

std::optional<Fission> Fission::of(scan::AffineOp op, Windows windows, Reductions reductions, std::string &reason) {
  if (!fieldsSet(op).empty()) {
    reason = "fields of a policy: which kernel's is not said";
    return std::nullopt;
  }
  if (!llvm::any_of(op.getBody().getOps<scan::AdvanceOp>(), [](auto) { return true; })) {
    reason = "no state: there is nothing to take off";
    return std::nullopt;
  }
  Splitter splitter(op);
  if (!splitter.find(windows, reductions, reason))
    return std::nullopt;
  return splitter.take();
}

} // namespace scanc::planning
