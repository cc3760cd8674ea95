//===- Npy.cpp - Reading and writing NumPy's .npy files -------------------===//
#include "scanc/Npy.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <memory>

namespace scanc {
namespace {

static_assert(std::endian::native == std::endian::little, "the files are little-endian");

constexpr std::string_view magic = "\x93NUMPY";
/// A header beyond this is no tensor that scanc wrote or can use.
constexpr std::size_t longestHeader = 1 << 16;

Error npyError(std::string code, std::string message, std::string help) {
  Error error;
  error.code = std::move(code);
  error.message = std::move(message);
  error.help = std::move(help);
  return error;
}

Error malformed(std::string_view what) {
  return npyError("SC6052", fmt::format("expected a .npy file, got one with {}", what),
                  "save the array again with numpy.save");
}

/// The elements of a tensor of these sizes, or nothing when the bytes do not fit in 64 bits.
std::optional<std::int64_t> countElements(const std::vector<std::int64_t> &sizes, Dtype dtype) {
  std::int64_t count = 1, bytes = 0;
  for (std::int64_t size : sizes)
    if (size == 0)
      return 0;
  for (std::int64_t size : sizes)
    if (__builtin_mul_overflow(count, size, &count))
      return std::nullopt;
  if (__builtin_mul_overflow(count, sizeOf(dtype), &bytes))
    return std::nullopt;
  return count;
}

/// The text of a Python dictionary of three known fields, in any order.
struct Header {
  std::string descr;
  bool fortranOrder = false;
  std::vector<std::int64_t> shape;
};

class HeaderParser {
public:
  explicit HeaderParser(std::string_view text) : rest(text) {}

  std::optional<Header> parse() {
    Header header;
    bool descr = false, order = false, shape = false;
    if (!take('{'))
      return std::nullopt;
    while (!take('}')) {
      auto key = takeString();
      if (!key || !take(':'))
        return std::nullopt;
      if (*key == "descr")
        descr = takeInto(header.descr, takeString());
      else if (*key == "fortran_order")
        order = takeInto(header.fortranOrder, takeBool());
      else if (*key == "shape")
        shape = takeInto(header.shape, takeTuple());
      else
        return std::nullopt;
      if (!take(',') && peek() != '}')
        return std::nullopt;
    }
    skipSpace();
    return descr && order && shape && rest.empty() ? std::optional(header) : std::nullopt;
  }

private:
  template <typename T>
  static bool takeInto(T &target, std::optional<T> value) {
    if (value)
      target = std::move(*value);
    return value.has_value();
  }
  void skipSpace() {
    while (!rest.empty() && (rest[0] == ' ' || rest[0] == '\n' || rest[0] == '\t'))
      rest.remove_prefix(1);
  }
  char peek() {
    skipSpace();
    return rest.empty() ? '\0' : rest[0];
  }
  bool take(char expected) {
    if (peek() != expected || rest.empty())
      return false;
    rest.remove_prefix(1);
    return true;
  }
  bool takeWord(std::string_view word) {
    skipSpace();
    if (!rest.starts_with(word))
      return false;
    rest.remove_prefix(word.size());
    return true;
  }
  std::optional<std::string> takeString() {
    char quote = peek();
    if (quote != '\'' && quote != '"')
      return std::nullopt;
    std::size_t end = rest.find(quote, 1);
    if (end == rest.npos)
      return std::nullopt;
    std::string text(rest.substr(1, end - 1));
    rest.remove_prefix(end + 1);
    return text;
  }
  std::optional<bool> takeBool() {
    if (takeWord("True"))
      return true;
    return takeWord("False") ? std::optional(false) : std::nullopt;
  }
  std::optional<std::vector<std::int64_t>> takeTuple() {
    std::vector<std::int64_t> sizes;
    if (!take('('))
      return std::nullopt;
    while (!take(')')) {
      std::int64_t size = 0;
      skipSpace();
      auto [end, status] = std::from_chars(rest.data(), rest.data() + rest.size(), size);
      if (status != std::errc() || size < 0)
        return std::nullopt;
      rest.remove_prefix(end - rest.data());
      sizes.push_back(size);
      if (!take(',') && peek() != ')')
        return std::nullopt;
    }
    return sizes;
  }

  std::string_view rest;
};

/// The element type of `descr`, given what the caller expects of a type without a name in NumPy.
std::optional<Dtype> dtypeOf(std::string_view descr, std::optional<Dtype> expected) {
  if (descr == "<f8")
    return Dtype::f64;
  if (descr == "<f4")
    return Dtype::f32;
  if (descr == "<f2")
    return Dtype::f16;
  if (descr == "<i4")
    return Dtype::i32;
  if (descr == "<c8")
    return Dtype::c64;
  if (descr == "<V2" || descr == "|V2" || descr == "<u2")
    return Dtype::bf16;
  if (descr == "<V1" || descr == "|V1" || descr == "|u1")
    if (expected == Dtype::f8e4m3 || expected == Dtype::f8e5m2)
      return expected;
  return std::nullopt;
}

/// In the order of the enumeration.
constexpr std::array<std::string_view, 8> descrs{"<f8", "<f4", "<f2", "<V2",
                                                 "<V1", "<V1", "<c8", "<i4"};

/// The header, padded so that the elements begin at a multiple of 64 bytes.
std::string headerOf(const TensorRef &tensor) {
  std::string shape;
  for (std::int64_t size : tensor.sizes)
    shape += fmt::format("{}, ", size);
  if (tensor.sizes.size() > 1)
    shape.resize(shape.size() - 2);
  else if (tensor.sizes.size() == 1)
    shape.pop_back();
  std::string text = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}",
                                 descrs[static_cast<std::size_t>(tensor.dtype)], shape);
  constexpr std::size_t fixed = 10; // magic, version, length
  std::size_t total = (fixed + text.size() + 1 + 63) / 64 * 64;
  text.append(total - fixed - text.size() - 1, ' ');
  text += '\n';
  std::string bytes(magic);
  bytes += '\1';
  bytes += '\0';
  bytes += static_cast<char>(text.size() & 255);
  bytes += static_cast<char>(text.size() >> 8);
  return bytes + text;
}

using File = std::unique_ptr<std::FILE, int (*)(std::FILE *)>;

Error fileError(std::string_view action, const std::string &path) {
  return npyError("SC6051", fmt::format("cannot {} '{}': {}", action, path, std::strerror(errno)),
                  "check the path and its permissions");
}

} // namespace

NpyTensor::NpyTensor(Dtype dtype, std::vector<std::int64_t> sizes)
    : dtype(dtype), sizes(std::move(sizes)) {
  words.resize((bytes() + 7) / 8);
}

std::int64_t NpyTensor::elements() const {
  std::int64_t count = 1;
  for (std::int64_t size : sizes)
    count *= size;
  return count;
}

TensorRef NpyTensor::view() {
  TensorRef tensor;
  tensor.data = words.empty() ? nullptr : words.data();
  tensor.dtype = dtype;
  tensor.sizes = sizes;
  return tensor;
}

Result<NpyTensor> parseNpy(std::string_view bytes, std::optional<Dtype> expected) {
  if (!bytes.starts_with(magic) || bytes.size() < 10)
    return malformed("no NumPy header");
  auto byteAt = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  unsigned version = byteAt(6);
  if (version != 1 && version != 2)
    return malformed(fmt::format("version {} (1 and 2 are read)", version));
  std::size_t begin = version == 1 ? 10 : 12;
  if (bytes.size() < begin)
    return malformed("no NumPy header");
  std::size_t length = byteAt(8) | byteAt(9) << 8;
  if (version == 2)
    length |= static_cast<std::size_t>(byteAt(10)) << 16 | static_cast<std::size_t>(byteAt(11))
                                                               << 24;
  if (length > longestHeader || length > bytes.size() - begin)
    return malformed("a header cut short");
  auto header = HeaderParser(bytes.substr(begin, length)).parse();
  if (!header)
    return malformed("a header that is not understood");
  if (header->fortranOrder)
    return npyError("SC6053", "expected a row-major array, got one in Fortran order",
                    "save numpy.ascontiguousarray(array)");
  auto dtype = dtypeOf(header->descr, expected);
  if (!dtype || (expected && dtype != expected))
    return npyError("SC6053",
                    fmt::format("expected {}, got an array of type '{}'",
                                expected ? spelling(*expected) : "an element type of scanc",
                                header->descr),
                    "convert the array with astype; bf16 is '<V2' or '<u2', f8 is '<V1' or '|u1'");
  auto count = countElements(header->shape, *dtype);
  std::string_view data = bytes.substr(begin + length);
  if (!count || static_cast<std::size_t>(*count * sizeOf(*dtype)) != data.size())
    return malformed(fmt::format("{} bytes of elements where its shape wants {}", data.size(),
                                 count ? std::to_string(*count * sizeOf(*dtype))
                                       : "more than 64 bits can count"));
  NpyTensor tensor(*dtype, std::move(header->shape));
  if (!data.empty())
    std::memcpy(tensor.words.data(), data.data(), data.size());
  return tensor;
}

Result<NpyTensor> loadNpy(const std::string &path, std::optional<Dtype> expected) {
  File file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!file)
    return fileError("open", path);
  std::string bytes;
  std::array<char, 1 << 16> buffer;
  while (std::size_t got = std::fread(buffer.data(), 1, buffer.size(), file.get()))
    bytes.append(buffer.data(), got);
  if (std::ferror(file.get()))
    return fileError("read", path);
  Result<NpyTensor> tensor = parseNpy(bytes, expected);
  if (!tensor)
    tensor.error().place.file = path;
  return tensor;
}

Result<std::string> formatNpy(const TensorRef &tensor) {
  std::vector<std::int64_t> strides =
      tensor.strides.empty() ? contiguousStrides(tensor.sizes) : tensor.strides;
  bool negative = false;
  for (std::int64_t size : tensor.sizes)
    negative |= size < 0;
  auto count = countElements(tensor.sizes, tensor.dtype);
  if (tensor.device != DeviceKind::cpu || negative || !count ||
      strides.size() != tensor.sizes.size() || (!tensor.data && *count > 0))
    return npyError("SC6054",
                    "expected a host tensor with one stride per size, sizes of at least 0, and "
                    "memory where it has elements",
                    "copy the tensor to the host first");

  std::string text = headerOf(tensor);
  std::int64_t bytes = sizeOf(tensor.dtype);
  text.reserve(text.size() + static_cast<std::size_t>(*count * bytes));
  std::vector<std::int64_t> index(tensor.sizes.size());
  const char *element = static_cast<const char *>(tensor.data);
  for (std::int64_t i = 0; i < *count; ++i) {
    text.append(element, static_cast<std::size_t>(bytes));
    // The next element in row-major order: advance the last index, carry where it wraps.
    for (std::size_t d = index.size(); d-- > 0;) {
      element += strides[d] * bytes;
      if (++index[d] < tensor.sizes[d])
        break;
      element -= tensor.sizes[d] * strides[d] * bytes;
      index[d] = 0;
    }
  }
  return text;
}

Result<void> storeNpy(const std::string &path, const TensorRef &tensor) {
  Result<std::string> bytes = formatNpy(tensor);
  if (!bytes)
    return bytes.error();
  File file(std::fopen(path.c_str(), "wb"), &std::fclose);
  if (!file)
    return fileError("create", path);
  bool written = std::fwrite(bytes->data(), 1, bytes->size(), file.get()) == bytes->size();
  if (std::fclose(file.release()) != 0 || !written)
    return fileError("write", path);
  return {};
}

} // namespace scanc
