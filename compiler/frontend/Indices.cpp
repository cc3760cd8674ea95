//===- Indices.cpp - Which dimension each index name runs over ------------===//
#include "compiler/frontend/Check.h"

#include <algorithm>

namespace scanc::frontend {

namespace {

/// Index names and the index positions of states and locals, united where one stands for another;
/// a tensor gives a class its dimension.
class IndexResolver {
public:
  IndexResolver(CheckedScan &scan, Diagnostics &diagnostics)
      : scan(scan), diagnostics(diagnostics) {}
  void run();

private:
  std::string find(const std::string &node) {
    auto [entry, fresh] = parent.emplace(node, node);
    if (fresh || entry->second == node)
      return node;
    std::string root = find(entry->second);
    return parent[node] = root;
  }
  void unite(const std::string &a, const std::string &b, const SourceRange &place);
  void size(const std::string &node, const std::string &extent, const SourceRange &place);
  void visit(const Expr &expr);
  void visitAll(Expr &expr);
  void mention(const Name &index);

  CheckedScan &scan;
  Diagnostics &diagnostics;
  std::map<std::string, std::string> parent;
  std::map<std::string, std::pair<std::string, SourceRange>> extents; ///< by root
  std::map<std::string, SourceRange> places;
};

} // namespace

void IndexResolver::mention(const Name &index) {
  if (places.emplace(index.text, index.place).second)
    scan.indices.push_back(index.text);
}

/// "index 'i'", or "an index of 'S'" for a position of a state or local.
static std::string described(const std::string &node) {
  static constexpr std::string_view prefix = "index ";
  return node.starts_with(prefix) ? "index '" + node.substr(prefix.size()) + "'"
                                  : "an index of '" + node.substr(0, node.find(' ')) + "'";
}

void IndexResolver::size(const std::string &node, const std::string &extent,
                         const SourceRange &place) {
  std::string root = find(node);
  auto [entry, fresh] = extents.emplace(root, std::pair(extent, place));
  if (!fresh && entry->second.first != extent)
    diagnostics.error("SC1011", place,
                      described(node) + " runs over two dimensions: '" + entry->second.first +
                          "' and '" + extent + "'",
                      "use another index name for one of them",
                      {{"it runs over '" + entry->second.first + "' here", entry->second.second}});
}

void IndexResolver::unite(const std::string &a, const std::string &b, const SourceRange &place) {
  std::string rootA = find(a), rootB = find(b);
  if (rootA == rootB)
    return;
  parent[rootB] = rootA;
  if (auto found = extents.find(rootB); found != extents.end()) {
    std::string extent = found->second.first;
    SourceRange at = found->second.second;
    extents.erase(found);
    // At the reading that brings the two together; the other place becomes a note.
    size(a, extent, extents.contains(rootA) ? place : at);
  }
}

void IndexResolver::visit(const Expr &expr) {
  const Symbol &symbol = scan.symbols.at(expr.text);
  bool tensor = symbol.kind == Symbol::Kind::tensor;
  std::vector<std::string> dims;
  if (symbol.declaration)
    dims = subscripted(*symbol.declaration, *scan.scan);
  for (std::size_t i = 0; i < expr.indices.size(); ++i) {
    const Name &index = expr.indices[i];
    mention(index);
    if (i < dims.size())
      size("index " + index.text, dims[i], index.place);
    if (!tensor)
      unite("index " + index.text, symbol.name + " " + std::to_string(i), index.place);
  }
}

void IndexResolver::visitAll(Expr &expr) {
  forEachReference(expr, [&](Expr &reference) { visit(reference); });
}

void IndexResolver::run() {
  for (Statement &statement : scan.scan->statements)
    if (statement.kind == Statement::Kind::assignment) {
      visit(*statement.assignment.target);
      visitAll(*statement.assignment.value);
    }
  // Initial and final states give their state's positions a size too.
  for (auto &[name, symbol] : scan.symbols)
    for (const Declaration *end : {symbol.initial, symbol.final}) {
      if (!end)
        continue;
      std::vector<std::string> dims = subscripted(*end, *scan.scan);
      if (scan.scan->reset && !dims.empty())
        dims.erase(dims.begin());
      for (std::size_t i = 0; i < dims.size(); ++i)
        size(name + " " + std::to_string(i), dims[i], end->name.place);
    }
  for (const std::string &index : scan.indices) {
    auto found = extents.find(find("index " + index));
    if (found == extents.end())
      diagnostics.error("SC1011", places.at(index), "index '" + index + "' has no size",
                        "subscript a tensor with it: its dimension gives the size");
    else
      scan.extents[index] = found->second.first;
  }
}

void resolveIndices(CheckedScan &scan, Diagnostics &diagnostics) {
  IndexResolver(scan, diagnostics).run();
}

} // namespace scanc::frontend
