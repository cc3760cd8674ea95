//===- ParseFormula.cpp - The text of a formula to its tree ---------------===//
#include "runtime/launch/CompiledFormula.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace scanc::rt {

/// Recursive descent; the grammar is in CompiledFormula.h. After the first fault nothing is read.
class FormulaParser {
public:
  using Kind = CompiledFormula::Kind;

  FormulaParser(std::string_view text, const FactNames &names) : text(text), names(names) {}

  Result<CompiledFormula> parse() {
    parseConjunction();
    skipSpace();
    if (fault.empty() && at != text.size())
      fail("expected the end");
    if (!fault.empty()) {
      Error error;
      error.code = "SC6014";
      error.message = fmt::format("the program's formula '{}' is not valid: {} at column {}", text,
                                  fault, at + 1);
      error.help = "compile the kernel again; in a bundle edited by hand, correct the formula";
      return error;
    }
    formula.source = std::string(text);
    return std::move(formula);
  }

private:
  /// Parentheses and signs nest at most this deep, so that no text exhausts the stack.
  static constexpr int deepest = 64;
  /// Nodes. An evaluation recurses along chains such as 1 + 1 + …, so they are bounded too.
  static constexpr std::size_t longest = 4096;

  std::uint32_t parseConjunction() {
    std::uint32_t left = parseComparison();
    while (take("&&"))
      left = add({Kind::both, left, parseComparison()});
    return left;
  }

  std::uint32_t parseComparison() {
    static constexpr std::array<std::pair<std::string_view, Kind>, 6> comparisons{
        {{"==", Kind::equal},
         {"!=", Kind::notEqual},
         {"<=", Kind::lessEqual},
         {">=", Kind::greaterEqual},
         {"<", Kind::less},
         {">", Kind::greater}}};
    std::uint32_t left = parseSum();
    for (auto [token, kind] : comparisons)
      if (take(token))
        return add({kind, left, parseSum()});
    return left;
  }

  std::uint32_t parseSum() {
    std::uint32_t left = parseProduct();
    while (true) {
      if (take("+"))
        left = add({Kind::add, left, parseProduct()});
      else if (take("-"))
        left = add({Kind::subtract, left, parseProduct()});
      else
        return left;
    }
  }

  std::uint32_t parseProduct() {
    std::uint32_t left = parseUnary();
    while (true) {
      if (take("*"))
        left = add({Kind::multiply, left, parseUnary()});
      else if (take("/"))
        left = add({Kind::divide, left, parseUnary()});
      else if (take("%"))
        left = add({Kind::remainder, left, parseUnary()});
      else
        return left;
    }
  }

  std::uint32_t parseUnary() {
    if (++depth > deepest)
      fail("too deep a nesting");
    std::uint32_t node = 0;
    if (fault.empty())
      node = take("-") ? add({Kind::negate, parseUnary()}) : parsePrimary();
    --depth;
    return node;
  }

  std::uint32_t parsePrimary() {
    if (take("(")) {
      std::uint32_t node = parseConjunction();
      expect(")");
      return node;
    }
    skipSpace();
    if (at < text.size() && isDigit(text[at]))
      return add({Kind::integer, 0, 0, parseInteger()});
    std::size_t begin = at;
    std::string_view name = parseName();
    if (name.empty())
      return fail("expected a number, a name or '('");
    if (take("("))
      return parseCall(name, begin);
    for (std::size_t i = 0; i < names.sizes.size(); ++i)
      if (names.sizes[i] == name)
        return add({Kind::size, static_cast<std::uint32_t>(i)});
    return failAt(begin, fmt::format("expected a size of the signature, got '{}'", name));
  }

  std::uint32_t parseCall(std::string_view name, std::size_t begin) {
    static constexpr std::array<std::pair<std::string_view, Kind>, 3> functions{
        {{"ceildiv", Kind::ceildiv}, {"min", Kind::min}, {"max", Kind::max}}};
    static constexpr std::array<std::pair<std::string_view, Kind>, 3> queries{
        {{"address", Kind::address}, {"span", Kind::span}, {"bytes", Kind::bytes}}};
    for (auto [spelling, kind] : functions)
      if (name == spelling) {
        std::uint32_t left = parseConjunction();
        expect(",");
        std::uint32_t right = parseConjunction();
        expect(")");
        return add({kind, left, right});
      }
    for (auto [spelling, kind] : queries)
      if (name == spelling) {
        std::uint32_t operand = parseOperand();
        expect(")");
        return add({kind, operand});
      }
    if (name == "stride")
      return parseStride();
    if (name == "workspace") {
      std::size_t place = nextToken();
      std::string_view buffer = parseName();
      expect(")");
      for (std::size_t i = 0; i < names.buffers.size(); ++i)
        if (names.buffers[i] == buffer)
          return add({Kind::workspace, static_cast<std::uint32_t>(i)});
      return failAt(place, fmt::format("expected a workspace buffer, got '{}'", buffer));
    }
    return failAt(begin, fmt::format("expected a function of formulas, got '{}'", name));
  }

  std::uint32_t parseStride() {
    std::uint32_t operand = parseOperand();
    expect(",");
    std::size_t place = nextToken();
    std::int64_t dimension = parseInteger();
    expect(")");
    if (!fault.empty())
      return 0;
    std::size_t rank = names.operands[operand].rank;
    if (dimension < 0 || static_cast<std::uint64_t>(dimension) >= rank)
      return failAt(place, fmt::format("expected a dimension below {}, got {}", rank, dimension));
    return add({Kind::stride, operand, static_cast<std::uint32_t>(dimension)});
  }

  std::uint32_t parseOperand() {
    std::size_t place = nextToken();
    std::string_view name = parseName();
    for (std::size_t i = 0; i < names.operands.size(); ++i)
      if (names.operands[i].name == name)
        return static_cast<std::uint32_t>(i);
    return failAt(place, fmt::format("expected a parameter, got '{}'", name));
  }

  std::int64_t parseInteger() {
    skipSpace();
    std::int64_t value = 0;
    auto [end, status] = std::from_chars(text.data() + at, text.data() + text.size(), value);
    if (status == std::errc::result_out_of_range)
      fail("expected an integer of 64 bits");
    else if (status != std::errc())
      fail("expected an integer");
    else
      at = end - text.data();
    return value;
  }

  std::string_view parseName() {
    skipSpace();
    std::size_t begin = at;
    while (at < text.size() && (isLetter(text[at]) || (at > begin && isDigit(text[at]))))
      ++at;
    return text.substr(begin, at - begin);
  }

  static bool isDigit(char c) { return c >= '0' && c <= '9'; }
  static bool isLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  }
  void skipSpace() {
    while (at < text.size() && (text[at] == ' ' || text[at] == '\n' || text[at] == '\t'))
      ++at;
  }
  std::size_t nextToken() {
    skipSpace();
    return at;
  }
  bool take(std::string_view token) {
    skipSpace();
    if (!fault.empty() || !text.substr(at).starts_with(token))
      return false;
    at += token.size();
    return true;
  }
  void expect(std::string_view token) {
    if (!take(token))
      fail(fmt::format("expected '{}'", token));
  }
  std::uint32_t fail(std::string why) {
    if (fault.empty())
      fault = std::move(why);
    return 0;
  }
  std::uint32_t failAt(std::size_t place, std::string why) {
    if (fault.empty()) {
      at = place;
      fault = std::move(why);
    }
    return 0;
  }
  std::uint32_t add(CompiledFormula::Node node) {
    if (formula.nodes.size() == longest)
      return fail("too long a formula");
    formula.nodes.push_back(node);
    return static_cast<std::uint32_t>(formula.nodes.size() - 1);
  }

  std::string_view text;
  const FactNames &names;
  CompiledFormula formula;
  std::size_t at = 0;
  int depth = 0;
  std::string fault;
};

Result<CompiledFormula> CompiledFormula::parse(std::string_view text, const FactNames &names) {
  return FormulaParser(text, names).parse();
}

} // namespace scanc::rt
