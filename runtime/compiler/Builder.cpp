//===- Builder.cpp - C++ expressions become text --------------------------===//
#include "scanc/Builder.h"

#include <charconv>

namespace scanc {

namespace builder {

using Strength = Expr::Strength;

Time operator-(Time time, int steps) {
  time.delay += steps;
  return time;
}

Subscript::Subscript(const Time &time)
    : text(time.delay == 0 ? time.name : time.name + "-" + std::to_string(time.delay)) {}

/// The shortest text that reads back as `value`.
static std::string numberText(double value) {
  char buffer[32];
  auto [end, failed] = std::to_chars(buffer, buffer + sizeof(buffer), value);
  return failed == std::errc() ? std::string(buffer, end) : "0";
}

Expr::Expr(double value)
    : source(numberText(value)), strength(value < 0 ? Strength::sign : Strength::whole) {}

Expr::Expr(const Tensor &tensor) : source(tensor.name()), strength(Strength::whole) {}

std::string Expr::within(Strength least) const {
  return strength < least ? "(" + source + ")" : source;
}

Expr Tensor::subscripted(std::initializer_list<Subscript> subscripts) const {
  std::string list;
  for (const Subscript &subscript : subscripts)
    list += (list.empty() ? "" : ",") + subscript.text;
  return Expr(ownName + "[" + list + "]", Strength::whole);
}

Expr operator+(const Expr &a, const Expr &b) {
  return Expr(a.within(Strength::sum) + " + " + b.within(Strength::product), Strength::sum);
}
Expr operator-(const Expr &a, const Expr &b) {
  return Expr(a.within(Strength::sum) + " - " + b.within(Strength::product), Strength::sum);
}
Expr operator*(const Expr &a, const Expr &b) {
  return Expr(a.within(Strength::product) + " * " + b.within(Strength::sign), Strength::product);
}
Expr operator/(const Expr &a, const Expr &b) {
  return Expr(a.within(Strength::product) + " / " + b.within(Strength::sign), Strength::product);
}
Expr operator-(const Expr &a) { return Expr("-" + a.within(Strength::whole), Strength::sign); }

static Expr call(const char *name, std::initializer_list<Expr> arguments) {
  std::string list;
  for (const Expr &argument : arguments)
    list += (list.empty() ? "" : ", ") + argument.text();
  return Expr(name + ("(" + list + ")"), Strength::whole);
}

Expr exp(const Expr &x) { return call("exp", {x}); }
Expr log(const Expr &x) { return call("log", {x}); }
Expr sqrt(const Expr &x) { return call("sqrt", {x}); }
Expr rsqrt(const Expr &x) { return call("rsqrt", {x}); }
Expr abs(const Expr &x) { return call("abs", {x}); }
Expr tanh(const Expr &x) { return call("tanh", {x}); }
Expr sigmoid(const Expr &x) { return call("sigmoid", {x}); }
Expr silu(const Expr &x) { return call("silu", {x}); }
Expr gelu(const Expr &x) { return call("gelu", {x}); }
Expr relu(const Expr &x) { return call("relu", {x}); }
Expr softplus(const Expr &x) { return call("softplus", {x}); }
Expr logsigmoid(const Expr &x) { return call("logsigmoid", {x}); }
Expr sin(const Expr &x) { return call("sin", {x}); }
Expr cos(const Expr &x) { return call("cos", {x}); }
Expr real(const Expr &x) { return call("real", {x}); }
Expr imag(const Expr &x) { return call("imag", {x}); }
Expr conj(const Expr &x) { return call("conj", {x}); }
Expr min(const Expr &a, const Expr &b) { return call("min", {a, b}); }
Expr max(const Expr &a, const Expr &b) { return call("max", {a, b}); }
Expr pow(const Expr &a, const Expr &b) { return call("pow", {a, b}); }
Expr logaddexp(const Expr &a, const Expr &b) { return call("logaddexp", {a, b}); }
Expr clamp(const Expr &x, const Expr &low, const Expr &high) {
  return call("clamp", {x, low, high});
}

static Condition compare(const Expr &a, const char *with, const Expr &b) {
  return {a.text() + " " + with + " " + b.text()};
}

Condition operator<(const Expr &a, const Expr &b) { return compare(a, "<", b); }
Condition operator<=(const Expr &a, const Expr &b) { return compare(a, "<=", b); }
Condition operator>(const Expr &a, const Expr &b) { return compare(a, ">", b); }
Condition operator>=(const Expr &a, const Expr &b) { return compare(a, ">=", b); }
Condition operator==(const Expr &a, const Expr &b) { return compare(a, "==", b); }
Condition operator!=(const Expr &a, const Expr &b) { return compare(a, "!=", b); }

Expr select(const Condition &condition, const Expr &yes, const Expr &no) {
  return Expr("select(" + condition.text + ", " + yes.text() + ", " + no.text() + ")",
              Strength::whole);
}

/// "i,j"
static std::string listOf(const std::vector<Index> &indices) {
  std::string list;
  for (const Index &index : indices)
    list += (list.empty() ? "" : ",") + index.name;
  return list;
}

static Expr reduce(const char *name, const std::vector<Index> &over, const Expr &x) {
  return Expr(name + ("[" + listOf(over) + "](" + x.text() + ")"), Strength::whole);
}

Expr sum(const std::vector<Index> &over, const Expr &x) { return reduce("sum", over, x); }
Expr mean(const std::vector<Index> &over, const Expr &x) { return reduce("mean", over, x); }
Expr max(const std::vector<Index> &over, const Expr &x) { return reduce("max", over, x); }
Expr min(const std::vector<Index> &over, const Expr &x) { return reduce("min", over, x); }
Expr logsumexp(const std::vector<Index> &over, const Expr &x) {
  return reduce("logsumexp", over, x);
}

} // namespace builder

static std::string join(const std::vector<std::string> &names) {
  std::string list;
  for (const std::string &name : names)
    list += (list.empty() ? "" : ", ") + name;
  return list;
}

void Builder::declare(std::string &list, const std::string &name, Dtype dtype, const Dims &dims) {
  list += (list.empty() ? "" : ", ") + name + ": " + std::string(spelling(dtype)) + "[" +
          join(dims) + "]";
}

builder::Tensor Builder::input(const std::string &name, Dtype dtype, const Dims &dims) {
  declare(parameters, name, dtype, dims);
  return builder::Tensor(name);
}

builder::Tensor Builder::output(const std::string &name, Dtype dtype, const Dims &dims) {
  declare(results, name, dtype, dims);
  return builder::Tensor(name);
}

builder::Time Builder::scan(const std::string &dim, const std::string &time, const Dims &over,
                            const ScanOptions &options) {
  std::string head = std::string(options.reverse ? "reverse " : "") + "scan " + dim + " as " + time;
  if (!over.empty())
    head += " over " + join(over);
  if (!options.reset.empty())
    head += " reset at " + options.reset;
  scans.push_back("  " + head + " {\n");
  return {time, 0};
}

void Builder::statement(const std::string &text) {
  if (scans.empty())
    scans.push_back(""); // outside of a scan: an error of the text, with its place
  scans.back() += "    " + text + "\n";
}

builder::Tensor Builder::state(const std::string &name, Dtype dtype) {
  statement("state " + name + ": " + std::string(spelling(dtype)));
  return builder::Tensor(name);
}

void Builder::set(const builder::Expr &target, const builder::Expr &value) {
  statement(target.text() + " = " + value.text());
}

builder::Expr Builder::local(const std::string &name, const builder::Expr &value) {
  statement(name + " = " + value.text());
  return builder::Expr(builder::Tensor(name));
}

builder::Tensor Builder::local(const std::string &name, const std::vector<builder::Index> &indices,
                               const builder::Expr &value) {
  statement(name + "[" + builder::listOf(indices) + "] = " + value.text());
  return builder::Tensor(name);
}

void Builder::init(const builder::Tensor &state, const builder::Tensor &from) {
  statement("init " + state.name() + " = " + from.name());
}

void Builder::final(const builder::Tensor &state, const builder::Tensor &to) {
  statement("final " + state.name() + " -> " + to.name());
}

void Builder::pin(const std::string &attribute, const std::string &value) {
  attributes += "@" + attribute + (value.empty() ? "" : "(" + value + ")") + " ";
}

std::string Builder::text() const {
  std::string text = attributes + "kernel " + kernelName + "(" + parameters + ") -> (" + results +
                     ") {\n";
  for (const std::string &scan : scans)
    text += scan + (scan.empty() || scan[2] == ' ' ? "" : "  }\n");
  text += "}\n";
  Result<std::string> canonical = format(text, kernelName + " (built)");
  return canonical ? *canonical : text;
}

Result<Kernel> Builder::compile(CompileOptions options) const {
  options.filename = kernelName + " (built)";
  return scanc::compile(text(), options);
}

} // namespace scanc
