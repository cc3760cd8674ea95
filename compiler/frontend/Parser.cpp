//===- Parser.cpp - Recursive descent over the grammar of docs/language.md ----===//
#include "compiler/frontend/Parser.h"

#include "compiler/frontend/Check.h"
#include "compiler/frontend/Words.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <set>

namespace scanc::frontend {

namespace {

/// Parentheses and unary signs within each other, and operators in a row: far more than a person
/// writes, far less than a stack holds, for later phases recurse over the tree.
constexpr int depthLimit = 200;
constexpr int operatorLimit = 2000;
constexpr std::size_t statementLimit = 4096;

class Parser : private Words {
public:
  explicit Parser(Diagnostics &diagnostics) : Words(diagnostics) {}
  File file();

private:
  // Declarations
  Kernel kernel();
  Attribute attribute();
  std::vector<Attribute> attributes();
  std::vector<Declaration> declarations();
  Dimension dimension();
  Dtype dtype();
  Scan scan();
  Statement statement();

  // Expressions
  ExprPtr comparison();
  ExprPtr sum();
  ExprPtr product();
  ExprPtr unary();
  ExprPtr primary();
  ExprPtr number();
  ExprPtr reference(Name name);
  ExprPtr call(Name name);
  ExprPtr reduction(Name name);
  ExprPtr binary(std::string sign, ExprPtr left, ExprPtr right);

  void skipStatement();

  int depth = 0, operators = 0; ///< of the statement being parsed
  std::string timeName;
  /// Of the kernel. A tensor called like a reduction is no reduction: its name is reported later.
  std::set<std::string> declared;
};

} // namespace

File Parser::file() {
  File file;
  while (peek().kind != Token::Kind::end) {
    try {
      Kernel next = kernel();
      for (const Kernel &other : file.kernels)
        if (other.name.text == next.name.text)
          diagnostics.error("SC1006", next.name.place,
                            "kernel '" + next.name.text + "' stands twice in the file",
                            "rename one of them", {{"first here", other.name.place}});
      file.kernels.push_back(std::move(next));
    } catch (const Recover &) {
      while (peek().kind != Token::Kind::end && !at("kernel"))
        take();
    }
  }
  file.closingComments = peek().comments;
  if (file.kernels.empty() && !diagnostics.hasErrors())
    diagnostics.error("SC1001", peek().place, "expected a kernel, got an empty file",
                      "write kernel NAME(inputs) -> (results) { scan … }");
  return file;
}

std::vector<Attribute> Parser::attributes() {
  std::vector<Attribute> list;
  while (at("@"))
    list.push_back(attribute());
  return list;
}

Attribute Parser::attribute() {
  expect("@");
  Attribute attribute;
  attribute.name = name("an attribute's name");
  if (accept("(")) {
    if (peek().kind != Token::Kind::identifier && peek().kind != Token::Kind::number)
      fail("a name or a number");
    attribute.valuePlace = peek().place;
    attribute.value = take().text;
    expect(")");
  }
  return attribute;
}

Kernel Parser::kernel() {
  Kernel kernel;
  declared.clear();
  std::size_t first = next;
  kernel.attributes = attributes();
  if (!at("kernel"))
    fail("'kernel'", "a file is a list of kernels: kernel NAME(inputs) -> (results) { scan … }");
  take();
  kernel.name = name("the kernel's name");
  expect("(");
  kernel.parameters = declarations();
  expect("->");
  expect("(");
  kernel.results = declarations();
  expect("{");
  takeComments(first, kernel.comments, kernel.trailing);
  while (!at("}")) {
    if (peek().kind == Token::Kind::end)
      fail("'scan' or '}'");
    kernel.scans.push_back(scan());
  }
  kernel.closingComments = peek().comments;
  expect("}");
  kernel.closingTrailing = tokens[next - 1].trailing;
  return kernel;
}

/// `a, b: f32[T], c: i32[S+1])`, the closing parenthesis included.
std::vector<Declaration> Parser::declarations() {
  std::vector<Declaration> list;
  if (accept(")"))
    return list;
  do {
    std::size_t first = list.size();
    do {
      Declaration declaration;
      declaration.name = name("a parameter's name");
      declared.insert(declaration.name.text);
      list.push_back(std::move(declaration));
    } while (accept(","));
    expect(":");
    list[first].startsGroup = true;
    Dtype type = dtype();
    std::vector<Dimension> dims;
    if (accept("[")) {
      do
        dims.push_back(dimension());
      while (accept(","));
      expect("]");
    }
    for (std::size_t i = first; i < list.size(); ++i) {
      list[i].dtype = type;
      list[i].dims = dims;
    }
  } while (accept(","));
  if (!accept(")"))
    fail("',' or ')'");
  return list;
}

Dtype Parser::dtype() {
  Name type = name("an element type");
  if (auto found = dtypeFromSpelling(type.text))
    return *found;
  diagnostics.error("SC1017", type.place,
                    "expected an element type (f64 f32 f16 bf16 f8e4m3 f8e5m2 c64 i32), got '" +
                        type.text + "'",
                    "use one of these, such as f32");
  return Dtype::f32;
}

Dimension Parser::dimension() {
  Dimension dim;
  dim.place = peek().place;
  if (peek().kind == Token::Kind::number) {
    dim.text = take().text;
    std::int64_t value = 0;
    auto [end, error] = std::from_chars(dim.text.data(), dim.text.data() + dim.text.size(), value);
    if (error != std::errc() || end != dim.text.data() + dim.text.size())
      diagnostics.error("SC1003", dim.place,
                        "expected a whole size below 2^63, got '" + dim.text + "'",
                        "write a whole number, or a name that is bound at launch");
    else
      dim.text = std::to_string(value); // 016 is 16
    return dim;
  }
  dim.text = name("a dimension: a name or a number").text;
  if (accept("+")) {
    if (peek().text != "1")
      fail("'1'", "offsets of S packed sequences have S+1 entries");
    take();
    dim.text += "+1";
  }
  return dim;
}

Scan Parser::scan() {
  Scan scan;
  std::size_t first = next;
  scan.attributes = attributes();
  scan.reverse = accept("reverse");
  if (!at("scan"))
    fail("'scan'", "a kernel holds scans: scan T as t over B, D { … }");
  take();
  scan.dimension = name("the dimension to scan");
  expect("as");
  scan.time = name("the name of the step");
  timeName = scan.time.text;
  if (accept("over")) {
    do
      scan.over.push_back(name("a dimension"));
    while (accept(","));
  }
  if (accept("reset")) {
    expect("at");
    scan.reset = name("the tensor of offsets");
  }
  expect("{");
  takeComments(first, scan.comments, scan.trailing);
  while (!at("}")) {
    if (peek().kind == Token::Kind::end)
      fail("a statement or '}'");
    if (scan.statements.size() == statementLimit) {
      diagnostics.error("SC1004", peek().place,
                        "expected at most " + std::to_string(statementLimit) +
                            " statements in a scan",
                        "index notation writes many alike as one: h[t,n] = …");
      throw Recover();
    }
    try {
      scan.statements.push_back(statement());
    } catch (const Recover &) {
      skipStatement();
    }
  }
  scan.closingComments = peek().comments;
  expect("}");
  scan.closingTrailing = tokens[next - 1].trailing;
  return scan;
}

/// To the first word of a later line that can begin a statement, or the end of the block.
void Parser::skipStatement() {
  std::int64_t line = peek().place.line;
  while (peek().kind != Token::Kind::end && !at("}")) {
    if (peek().place.line > line && peek().kind == Token::Kind::identifier)
      return;
    take();
  }
}

Statement Parser::statement() {
  Statement statement;
  std::size_t first = next;
  depth = operators = 0;
  bool word = peek(1).kind == Token::Kind::identifier;
  if (at("state") && word) {
    take();
    statement.kind = Statement::Kind::stateType;
    statement.stateType.state = name("a state");
    expect(":");
    statement.stateType.dtype = dtype();
  } else if (at("init") && word) {
    take();
    statement.kind = Statement::Kind::initial;
    statement.initial.state = name("a state");
    expect("=");
    statement.initial.tensor = name("the tensor of initial states");
  } else if (at("final") && word) {
    take();
    statement.kind = Statement::Kind::final;
    statement.final.state = name("a state");
    expect("->");
    statement.final.tensor = name("the result that takes the final state");
  } else {
    statement.kind = Statement::Kind::assignment;
    statement.assignment.target = reference(name("a statement"));
    expect("=");
    statement.assignment.value = sum();
  }
  accept(";");
  takeComments(first, statement.comments, statement.trailing);
  return statement;
}

/// The place from the start of `a` to the end of `b`, where they share a line.
static SourceRange span(const SourceRange &a, const SourceRange &b) {
  SourceRange place = a;
  if (a.line == b.line && b.column + b.length > a.column)
    place.length = b.column + b.length - a.column;
  return place;
}

ExprPtr Parser::binary(std::string sign, ExprPtr left, ExprPtr right) {
  if (++operators > operatorLimit) {
    diagnostics.error("SC1004", right->place,
                      "expected at most " + std::to_string(operatorLimit) +
                          " operators in a statement",
                      "name a part of the expression: part = …");
    throw Recover();
  }
  auto expr = std::make_unique<Expr>();
  expr->kind = Expr::Kind::binary;
  expr->text = std::move(sign);
  expr->place = span(left->place, right->place);
  expr->operands.push_back(std::move(left));
  expr->operands.push_back(std::move(right));
  return expr;
}

ExprPtr Parser::comparison() {
  ExprPtr left = sum();
  for (std::string_view sign : {"<", "<=", ">", ">=", "==", "!="})
    if (at(sign)) {
      take();
      return binary(std::string(sign), std::move(left), sum());
    }
  return left;
}

ExprPtr Parser::sum() {
  ExprPtr left = product();
  while (at("+") || at("-")) {
    std::string sign = take().text;
    left = binary(sign, std::move(left), product());
  }
  return left;
}

ExprPtr Parser::product() {
  ExprPtr left = unary();
  while (at("*") || at("/")) {
    std::string sign = take().text;
    left = binary(sign, std::move(left), unary());
  }
  return left;
}

ExprPtr Parser::unary() {
  if (++depth > depthLimit) {
    diagnostics.error("SC1004", peek().place,
                      "expected at most " + std::to_string(depthLimit) +
                          " nested parentheses and signs",
                      "name a part of the expression: part = …");
    throw Recover();
  }
  ExprPtr result;
  if (at("-")) {
    SourceRange place = take().place;
    auto expr = std::make_unique<Expr>();
    expr->kind = Expr::Kind::negate;
    expr->operands.push_back(unary());
    expr->place = span(place, expr->operands[0]->place);
    result = std::move(expr);
  } else {
    result = primary();
  }
  --depth;
  return result;
}

ExprPtr Parser::primary() {
  if (peek().kind == Token::Kind::number)
    return number();
  if (at("(")) {
    SourceRange open = take().place;
    ExprPtr inner = comparison();
    SourceRange close = peek().place;
    expect(")");
    inner->place = span(open, close);
    return inner;
  }
  Name word = name("an expression");
  if (at("("))
    return call(std::move(word));
  if (at("[") && isReduction(word.text) && !declared.contains(word.text))
    return reduction(std::move(word));
  return reference(std::move(word));
}

ExprPtr Parser::number() {
  auto expr = std::make_unique<Expr>();
  expr->kind = Expr::Kind::number;
  expr->place = peek().place;
  expr->text = take().text;
  expr->value = std::strtod(expr->text.c_str(), nullptr);
  if (!std::isfinite(expr->value))
    diagnostics.error("SC1003", expr->place,
                      "expected a number that f64 can hold, got '" + expr->text + "'",
                      "write a smaller number");
  return expr;
}

ExprPtr Parser::reference(Name word) {
  auto expr = std::make_unique<Expr>();
  expr->kind = Expr::Kind::reference;
  expr->text = word.text;
  expr->place = word.place;
  if (!accept("["))
    return expr;
  expr->hasBrackets = true;
  do {
    Name index = name("an index name");
    if (index.text == timeName && expr->indices.empty() && !expr->hasTime) {
      expr->hasTime = true;
      bool minus = at("-");
      if (minus || at("+")) {
        take();
        if (peek().kind != Token::Kind::number)
          fail("a number of steps");
        const std::string &text = peek().text;
        std::int64_t steps = 0;
        auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), steps);
        if (error != std::errc() || end != text.data() + text.size())
          fail("a whole number of steps");
        expr->delay = minus ? steps : -steps;
        take();
      }
    } else {
      expr->indices.push_back(std::move(index));
    }
  } while (accept(","));
  expr->place = span(word.place, peek().place);
  expect("]");
  return expr;
}

ExprPtr Parser::call(Name word) {
  auto expr = std::make_unique<Expr>();
  expr->kind = Expr::Kind::call;
  expr->text = word.text;
  expect("(");
  if (!at(")"))
    do
      expr->operands.push_back(comparison());
    while (accept(","));
  if (!at(")"))
    fail("',' or ')'");
  expr->place = span(word.place, peek().place);
  expect(")");
  return expr;
}

ExprPtr Parser::reduction(Name word) {
  auto expr = std::make_unique<Expr>();
  expr->kind = Expr::Kind::reduce;
  expr->text = word.text;
  expect("[");
  do
    expr->indices.push_back(name("an index name"));
  while (accept(","));
  expect("]");
  expect("(");
  expr->operands.push_back(sum());
  expr->place = span(word.place, peek().place);
  expect(")");
  return expr;
}

File parse(Diagnostics &diagnostics) { return Parser(diagnostics).file(); }

} // namespace scanc::frontend
