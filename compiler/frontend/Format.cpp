//===- Format.cpp - Canonical text of a file ------------------------------===//
#include "compiler/frontend/Format.h"

namespace scanc::frontend {

namespace {

/// How tightly a node binds: comparison 0, sum 1, product 2, sign 3, primary 4.
int precedence(const Expr &expr) {
  if (expr.kind == Expr::Kind::negate)
    return 3;
  if (expr.kind != Expr::Kind::binary)
    return 4;
  if (expr.text == "+" || expr.text == "-")
    return 1;
  return expr.text == "*" || expr.text == "/" ? 2 : 0;
}

std::string at(const Expr &expr, int least, const std::string &time) {
  std::string text = formatExpr(expr, time);
  return precedence(expr) < least ? "(" + text + ")" : text;
}

std::string joined(const std::vector<Name> &names) {
  std::string text;
  for (const Name &name : names)
    text += (text.empty() ? "" : ", ") + name.text;
  return text;
}

std::string formatReference(const Expr &expr, const std::string &time) {
  if (!expr.hasBrackets)
    return expr.text;
  std::string inside;
  if (expr.hasTime) {
    inside = time;
    if (expr.delay != 0)
      inside += (expr.delay > 0 ? "-" : "+") + std::to_string(std::abs(expr.delay));
  }
  for (const Name &index : expr.indices)
    inside += (inside.empty() ? "" : ",") + index.text;
  return expr.text + "[" + inside + "]";
}

/// Prints whole files.
class Printer {
public:
  std::string run(const File &file);

private:
  void comments(const std::vector<std::string> &lines, int depth);
  void line(int depth, const std::string &content, const std::string &trailing = "");
  void kernel(const Kernel &kernel);
  void scan(const Scan &scan);
  std::string declarations(const std::vector<Declaration> &list);
  static std::string attributes(const std::vector<Attribute> &list);
  static std::string statement(const Statement &statement, const std::string &time);

  std::string text;
};

} // namespace

std::string formatExpr(const Expr &expr, const std::string &time) {
  switch (expr.kind) {
  case Expr::Kind::number:
    return expr.text;
  case Expr::Kind::reference:
    return formatReference(expr, time);
  case Expr::Kind::negate:
    return "-" + at(*expr.operands[0], 3, time);
  case Expr::Kind::binary: {
    // Sums and products associate to the left: an equal neighbour on the right keeps its own.
    int own = precedence(expr);
    return at(*expr.operands[0], own == 0 ? 1 : own, time) + " " + expr.text + " " +
           at(*expr.operands[1], own + 1, time);
  }
  case Expr::Kind::call:
  case Expr::Kind::reduce: {
    std::string arguments;
    for (const ExprPtr &operand : expr.operands)
      arguments += (arguments.empty() ? "" : ", ") + formatExpr(*operand, time);
    std::string over = expr.kind == Expr::Kind::reduce ? "[" + joined(expr.indices) + "]" : "";
    return expr.text + over + "(" + arguments + ")";
  }
  }
  return "";
}

void Printer::line(int depth, const std::string &content, const std::string &trailing) {
  text += std::string(2 * depth, ' ') + content + (trailing.empty() ? "" : " " + trailing) + "\n";
}

void Printer::comments(const std::vector<std::string> &lines, int depth) {
  for (const std::string &comment : lines)
    line(depth, comment);
}

std::string Printer::attributes(const std::vector<Attribute> &list) {
  std::string text;
  for (const Attribute &attribute : list)
    text += "@" + attribute.name.text +
            (attribute.value.empty() ? "" : "(" + attribute.value + ")") + " ";
  return text;
}

std::string Printer::declarations(const std::vector<Declaration> &list) {
  std::string text, group;
  for (std::size_t i = 0; i < list.size(); ++i) {
    group += (group.empty() ? "" : ", ") + list[i].name.text;
    if (i + 1 < list.size() && !list[i + 1].startsGroup)
      continue;
    std::string dims;
    for (const Dimension &dim : list[i].dims)
      dims += (dims.empty() ? "" : ", ") + dim.text;
    text += (text.empty() ? "" : ", ") + group + ": " + std::string(spelling(list[i].dtype)) +
            (dims.empty() ? "" : "[" + dims + "]");
    group.clear();
  }
  return text;
}

std::string Printer::statement(const Statement &statement, const std::string &time) {
  switch (statement.kind) {
  case Statement::Kind::stateType:
    return "state " + statement.stateType.state.text + ": " +
           std::string(spelling(statement.stateType.dtype));
  case Statement::Kind::initial:
    return "init " + statement.initial.state.text + " = " + statement.initial.tensor.text;
  case Statement::Kind::final:
    return "final " + statement.final.state.text + " -> " + statement.final.tensor.text;
  case Statement::Kind::assignment:
    return formatExpr(*statement.assignment.target, time) + " = " +
           formatExpr(*statement.assignment.value, time);
  }
  return "";
}

void Printer::scan(const Scan &scan) {
  comments(scan.comments, 1);
  std::string head = attributes(scan.attributes) + (scan.reverse ? "reverse " : "") + "scan " +
                     scan.dimension.text + " as " + scan.time.text;
  if (!scan.over.empty())
    head += " over " + joined(scan.over);
  if (scan.reset)
    head += " reset at " + scan.reset->text;
  line(1, head + " {", scan.trailing);
  for (const Statement &each : scan.statements) {
    comments(each.comments, 2);
    line(2, statement(each, scan.time.text), each.trailing);
  }
  comments(scan.closingComments, 2);
  line(1, "}", scan.closingTrailing);
}

void Printer::kernel(const Kernel &kernel) {
  comments(kernel.comments, 0);
  std::string head = attributes(kernel.attributes) + "kernel " + kernel.name.text + "(";
  std::string inputs = declarations(kernel.parameters), results = declarations(kernel.results);
  if (head.size() + inputs.size() + results.size() + 8 <= 100) {
    line(0, head + inputs + ") -> (" + results + ") {", kernel.trailing);
  } else {
    line(0, head + inputs + ")");
    line(2, "-> (" + results + ") {", kernel.trailing);
  }
  for (const Scan &each : kernel.scans)
    scan(each);
  comments(kernel.closingComments, 1);
  line(0, "}", kernel.closingTrailing);
}

std::string Printer::run(const File &file) {
  for (std::size_t i = 0; i < file.kernels.size(); ++i) {
    if (i > 0)
      text += "\n";
    kernel(file.kernels[i]);
  }
  if (!file.closingComments.empty())
    text += "\n";
  comments(file.closingComments, 0);
  return std::move(text);
}

std::string formatFile(const File &file) { return Printer().run(file); }

static void dumpExpr(const Expr &expr, const std::string &time, int depth, std::string &text) {
  static const char *const names[] = {"number", "reference", "negate", "binary", "call", "reduce"};
  text += std::string(2 * depth, ' ') + names[static_cast<int>(expr.kind)];
  text += " " + (expr.kind == Expr::Kind::reference ? formatReference(expr, time) : expr.text);
  if (expr.kind == Expr::Kind::reduce)
    text += "[" + joined(expr.indices) + "]";
  text += " @" + std::to_string(expr.place.line) + ":" + std::to_string(expr.place.column) + "\n";
  for (const ExprPtr &operand : expr.operands)
    dumpExpr(*operand, time, depth + 1, text);
}

std::string dumpFile(const File &file) {
  std::string text;
  for (const Kernel &kernel : file.kernels) {
    text += "kernel " + kernel.name.text + "\n";
    for (const auto &[what, list] : {std::pair("in", &kernel.parameters), {"out", &kernel.results}})
      for (const Declaration &declaration : *list) {
        text += std::string("  ") + what + " " + declaration.name.text + ": " +
                std::string(spelling(declaration.dtype)) + " [";
        for (std::size_t i = 0; i < declaration.dims.size(); ++i)
          text += (i ? ", " : "") + declaration.dims[i].text;
        text += "]\n";
      }
    for (const Scan &scan : kernel.scans) {
      const std::string &time = scan.time.text;
      text += "  scan " + scan.dimension.text + " as " + scan.time.text +
              (scan.over.empty() ? "" : " over " + joined(scan.over)) +
              (scan.reverse ? " reverse" : "") +
              (scan.reset ? " reset at " + scan.reset->text : "") + "\n";
      for (const Statement &statement : scan.statements) {
        if (statement.kind == Statement::Kind::assignment) {
          text += "    assign " + formatExpr(*statement.assignment.target, time) + "\n";
          dumpExpr(*statement.assignment.value, time, 3, text);
        } else if (statement.kind == Statement::Kind::stateType) {
          text += "    state " + statement.stateType.state.text + ": " +
                  std::string(spelling(statement.stateType.dtype)) + "\n";
        } else if (statement.kind == Statement::Kind::initial) {
          text += "    init " + statement.initial.state.text + " = " +
                  statement.initial.tensor.text + "\n";
        } else {
          text += "    final " + statement.final.state.text + " -> " + statement.final.tensor.text +
                  "\n";
        }
      }
    }
  }
  return text;
}

} // namespace scanc::frontend
