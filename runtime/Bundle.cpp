//===- Bundle.cpp - A program as text, and back ---------------------------===//
//
// A bundle is JSON: {"format", "schema", "checksum", "program"}. The checksum
// covers every byte of the text but its own digits. Whoever edits a bundle by
// hand writes "edited" in its place. Text that is no UTF-8 is written with
// U+FFFD for each wrong byte, as JSON has no other way.
//
//===----------------------------------------------------------------------===//
#include "runtime/Base64.h"
#include "runtime/Hash.h"
#include "scanc/Program.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <limits>

namespace scanc {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t schema = 3;
constexpr std::string_view formatName = "scanc-bundle";
constexpr std::string_view checksumField = "\"checksum\": \"";
constexpr std::string_view editedByHand = "edited";
constexpr std::size_t checksumLength = 32;

// Writing.

Json toJson(const Parameter &parameter);
Json toJson(const MachineCode &code);
Json toJson(const KernelLaunch &launch);
Json toJson(const MatrixMap &map);
Json toJson(const KernelVariant &variant);
Json toJson(const Step &step);
Json toJson(const Entry &entry);
Json toJson(const WorkspaceBuffer &buffer);

template <typename T>
Json listToJson(const std::vector<T> &list) {
  Json result = Json::array();
  for (const T &element : list)
    result.push_back(toJson(element));
  return result;
}

Json toJson(const SourceRange &place) {
  return {{"file", place.file},
          {"line", place.line},
          {"column", place.column},
          {"length", place.length}};
}

Json toJson(const Parameter &parameter) {
  Json json = {{"name", parameter.name},
               {"role", parameter.role == Parameter::Role::input ? "input" : "output"},
               {"dtype", std::string(spelling(parameter.dtype))},
               {"dims", parameter.dims},
               {"place", toJson(parameter.place)}};
  if (!parameter.cuts.empty())
    json["cuts"] = parameter.cuts;
  if (!parameter.updates.empty())
    json["updates"] = parameter.updates;
  return json;
}

Json toJson(const MachineCode &code) {
  return {{"architecture", code.architecture},
          {"madeOf", code.madeOf},
          {"cubin", rt::toBase64(code.cubin)}};
}

Json toJson(const KernelLaunch &launch) {
  Json json = {{"entry", launch.entry},
               {"grid", launch.grid},
               {"block", launch.block},
               {"cluster", launch.cluster},
               {"sharedBytes", launch.sharedBytes}};
  if (launch.dependent)
    json["dependent"] = true;
  return json;
}

Json toJson(const MatrixMap &map) {
  return {{"first", map.first}, {"sizes", map.sizes}, {"strides", map.strides}, {"box", map.box}};
}

Json toJson(const KernelVariant &variant) {
  Json json = {{"name", variant.name},
               {"requires", variant.requires_},
               {"launches", listToJson(variant.launches)},
               {"arguments", variant.arguments}};
  if (!variant.maps.empty())
    json["maps"] = listToJson(variant.maps);
  json["machineCode"] = listToJson(variant.machineCode);
  json["source"] = variant.source;
  return json;
}

Json toJson(const Step &step) {
  if (const auto *call = std::get_if<LibraryCall>(&step))
    return {{"library", call->library}, {"function", call->function}, {"operands", call->operands}};
  Json result = Json::object();
  result["variants"] = listToJson(std::get<KernelStep>(step).variants);
  return result;
}

Json toJson(const Entry &entry) {
  Json result = Json::object();
  result["name"] = entry.name;
  result["steps"] = listToJson(entry.steps);
  return result;
}

Json toJson(const WorkspaceBuffer &buffer) {
  return {{"name", buffer.name},
          {"bytes", buffer.bytes},
          {"alignment", buffer.alignment},
          {"zeroed", buffer.zeroed},
          {"restored", buffer.restored}};
}

template <typename T>
Json mapToJson(const std::map<std::string, T> &map) {
  Json result = Json::object();
  for (const auto &[name, value] : map)
    result[name] = value;
  return result;
}

Json toJson(const Program &program) {
  Json result = Json::object();
  result["name"] = program.name;
  result["strategy"] = program.strategy;
  result["parameters"] = listToJson(program.parameters);
  result["boundSizes"] = mapToJson(program.boundSizes);
  result["entries"] = listToJson(program.entries);
  result["workspace"] = listToJson(program.workspace);
  result["promises"] = {{"deterministic", program.promises.deterministic},
                        {"errorBound", program.promises.errorBound}};
  result["headers"] = mapToJson(program.headers);
  result["planText"] = program.planText;
  result["sourceText"] = program.sourceText;
  return result;
}

// Reading. A reader keeps the first fault it met, and reads defaults after it.

class Reader {
public:
  Reader(const Json &json, std::string path, std::string &fault)
      : json(json), path(std::move(path)), fault(fault) {}

  Reader field(const char *name) const {
    std::string inner = path.empty() ? name : fmt::format("{}.{}", path, name);
    if (!isObject())
      return Reader(null(), inner, fault);
    auto found = json.find(name);
    if (found == json.end()) {
      fail(fmt::format("'{}' is missing", inner));
      return Reader(null(), inner, fault);
    }
    return Reader(*found, inner, fault);
  }

  bool has(const char *name) const { return json.is_object() && json.contains(name); }

  void read(std::string &value) const {
    if (expect(json.is_string(), "a string"))
      value = json.get_ref<const std::string &>();
  }
  void read(bool &value) const {
    if (expect(json.is_boolean(), "true or false"))
      value = json.get<bool>();
  }
  void read(std::int64_t &value) const {
    bool fits = json.is_number_integer() &&
                (!json.is_number_unsigned() || json.get<std::uint64_t>() <= largest);
    if (expect(fits, "an integer of 64 bits"))
      value = json.get<std::int64_t>();
  }
  void read(Dtype &value) const {
    std::string text;
    read(text);
    if (auto dtype = dtypeFromSpelling(text))
      value = *dtype;
    else
      fail(fmt::format("'{}': expected an element type, got '{}'", path, text));
  }
  void read(Parameter::Role &value) const {
    std::string text;
    read(text);
    if (text != "input" && text != "output")
      fail(fmt::format("'{}': expected input or output, got '{}'", path, text));
    value = text == "output" ? Parameter::Role::output : Parameter::Role::input;
  }
  void read(SourceRange &place) const {
    field("file").read(place.file);
    field("line").read(place.line);
    field("column").read(place.column);
    field("length").read(place.length);
  }
  void read(Parameter &parameter) const {
    field("name").read(parameter.name);
    field("role").read(parameter.role);
    field("dtype").read(parameter.dtype);
    field("dims").read(parameter.dims);
    field("place").read(parameter.place);
    if (has("cuts"))
      field("cuts").read(parameter.cuts);
    if (has("updates"))
      field("updates").read(parameter.updates);
  }
  void read(MachineCode &code) const {
    field("architecture").read(code.architecture);
    field("madeOf").read(code.madeOf);
    std::string text;
    field("cubin").read(text);
    if (std::optional<std::string> cubin = rt::fromBase64(text))
      code.cubin = std::move(*cubin);
    else
      fail(fmt::format("'{}.cubin': expected base64", path));
  }
  void read(KernelLaunch &launch) const {
    field("entry").read(launch.entry);
    field("grid").read(launch.grid);
    field("block").read(launch.block);
    field("cluster").read(launch.cluster);
    field("sharedBytes").read(launch.sharedBytes);
    if (has("dependent"))
      field("dependent").read(launch.dependent);
  }
  void read(MatrixMap &map) const {
    field("first").read(map.first);
    field("sizes").read(map.sizes);
    field("strides").read(map.strides);
    field("box").read(map.box);
  }
  void read(KernelVariant &variant) const {
    field("name").read(variant.name);
    field("requires").read(variant.requires_);
    field("launches").read(variant.launches);
    field("arguments").read(variant.arguments);
    if (has("maps"))
      field("maps").read(variant.maps);
    field("machineCode").read(variant.machineCode);
    field("source").read(variant.source);
  }
  void read(Step &step) const {
    if (has("variants")) {
      field("variants").read(step.emplace<KernelStep>().variants);
      return;
    }
    LibraryCall &call = step.emplace<LibraryCall>();
    field("library").read(call.library);
    field("function").read(call.function);
    field("operands").read(call.operands);
  }
  void read(Entry &entry) const {
    field("name").read(entry.name);
    field("steps").read(entry.steps);
  }
  void read(WorkspaceBuffer &buffer) const {
    field("name").read(buffer.name);
    field("bytes").read(buffer.bytes);
    field("alignment").read(buffer.alignment);
    field("zeroed").read(buffer.zeroed);
    field("restored").read(buffer.restored);
  }
  void read(Promises &promises) const {
    field("deterministic").read(promises.deterministic);
    field("errorBound").read(promises.errorBound);
  }
  void read(Program &program) const {
    field("name").read(program.name);
    field("strategy").read(program.strategy);
    field("parameters").read(program.parameters);
    field("boundSizes").read(program.boundSizes);
    field("entries").read(program.entries);
    field("workspace").read(program.workspace);
    field("promises").read(program.promises);
    field("headers").read(program.headers);
    field("planText").read(program.planText);
    field("sourceText").read(program.sourceText);
  }

  template <typename T>
  void read(std::vector<T> &list) const {
    if (!expect(json.is_array(), "a list"))
      return;
    list.resize(json.size());
    for (std::size_t i = 0; i < list.size(); ++i)
      element(i).read(list[i]);
  }
  template <typename T, std::size_t count>
  void read(std::array<T, count> &list) const {
    if (!expect(json.is_array() && json.size() == count, fmt::format("a list of {}", count)))
      return;
    for (std::size_t i = 0; i < count; ++i)
      element(i).read(list[i]);
  }
  template <typename T>
  void read(std::map<std::string, T> &map) const {
    if (!isObject())
      return;
    for (const auto &[name, value] : json.items())
      Reader(value, fmt::format("{}.{}", path, name), fault).read(map[name]);
  }

private:
  static constexpr std::uint64_t largest = std::numeric_limits<std::int64_t>::max();

  static const Json &null() {
    static const Json value;
    return value;
  }
  Reader element(std::size_t i) const {
    return Reader(json[i], fmt::format("{}[{}]", path, i), fault);
  }
  bool isObject() const { return expect(json.is_object(), "an object"); }
  bool expect(bool holds, std::string_view what) const {
    if (!holds)
      fail(fmt::format("'{}': expected {}, got {}", path.empty() ? "bundle" : path, what,
                       json.type_name()));
    return holds;
  }
  void fail(std::string text) const {
    if (fault.empty())
      fault = std::move(text);
  }

  const Json &json;
  std::string path;
  std::string &fault;
};

/// The checksum of `text`, whose digits begin at `digits` and count as zeros.
std::string checksum(std::string_view text, std::size_t digits) {
  return rt::Hash128()
      .add(text.substr(0, digits))
      .add(std::string(checksumLength, '0'))
      .add(text.substr(digits + checksumLength))
      .hex();
}

Error bundleError(std::string code, std::string message, std::string help) {
  Error error;
  error.code = std::move(code);
  error.message = std::move(message);
  error.help = std::move(help);
  return error;
}

constexpr const char *writeAgain = "write the bundle again with 'scanc compile --emit=bundle'";

} // namespace

std::string toBundle(const Program &program) {
  Json bundle = Json::object();
  bundle["format"] = formatName;
  bundle["schema"] = schema;
  bundle["checksum"] = std::string(checksumLength, '0');
  bundle["program"] = toJson(program);
  std::string text = bundle.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
  std::size_t digits = text.find(checksumField) + checksumField.size();
  return text.replace(digits, checksumLength, checksum(text, digits));
}

Result<Program> fromBundle(std::string_view text) {
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  auto hasText = [&](const char *name) { return json.contains(name) && json[name].is_string(); };
  if (json.is_discarded() || !json.is_object() || !hasText("format") ||
      json["format"] != formatName)
    return bundleError(
        "SC7001",
        fmt::format("expected a bundle, JSON with \"format\": \"{}\", got {}", formatName,
                    json.is_discarded() ? "a text that is no JSON" : "another JSON value"),
        writeAgain);

  std::string fault;
  std::int64_t found = 0;
  Reader reader(json, "", fault);
  reader.field("schema").read(found);
  if (fault.empty() && found != schema)
    return bundleError("SC7003",
                       fmt::format("expected a bundle of schema {}, got schema {}", schema, found),
                       "write the bundle again with this version of scanc");

  std::string stated;
  reader.field("checksum").read(stated);
  if (fault.empty() && stated != editedByHand) {
    std::size_t field = text.find(checksumField);
    std::size_t digits = field + checksumField.size();
    bool complete = field != text.npos && text.size() - digits >= checksumLength &&
                    text.substr(digits, checksumLength) == stated;
    std::string got = complete ? checksum(text, digits) : "";
    if (got != stated)
      return bundleError("SC7002",
                         fmt::format("the bundle is damaged: expected checksum {}, got {}", stated,
                                     complete ? got : "a text laid out differently"),
                         fmt::format("{}; if it was edited on purpose, set \"checksum\": \"{}\"",
                                     writeAgain, editedByHand));
  }

  Program program;
  reader.field("program").read(program);
  if (!fault.empty())
    return bundleError("SC7004", "in the bundle, " + fault, writeAgain);
  return program;
}

} // namespace scanc
