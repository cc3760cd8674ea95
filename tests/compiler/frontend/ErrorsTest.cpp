//===- ErrorsTest.cpp - One wrong program for every way to be wrong -------===//
#include "Programs.h"

#include <algorithm>
#include <set>
#include <sstream>

namespace scanc::frontend {
namespace {

/// A program whose one mistake is underlined by «…», and what is said of it.
struct Wrong {
  const char *fault; ///< names the test
  const char *code;
  const char *text;
  const char *message; ///< the whole message
  const char *help;    ///< the whole help
};

/// A scan over `T` with the inputs of most cases.
#define IN_SCAN(statements)                                                                        \
  "kernel k(x, g: f32[B, T], w: f32[B], A: f32[N, M], v: f32[B, T, N], c: c64[B, T], n: i32[B, "   \
  "T],\n"                                                                                          \
  "         d: f64[B, T]) -> (y: f32[B, T]) {\n"                                                   \
  "  scan T as t over B {\n"                                                                       \
  "    " statements "\n"                                                                           \
  "  }\n"                                                                                          \
  "}\n"

const Wrong table[] = {
    // SC1001: words where the grammar has no place for them
    {"missing_bracket", "SC1001", IN_SCAN("y[t] = x[t + «g»[t]"),
     "expected a number of steps, got 'g'", "write a number of steps here"},
    {"missing_operand", "SC1001", IN_SCAN("y[t] = x[t] + «*» g[t]"),
     "expected an expression, got '*'", "write an expression here"},
    {"text_without_kernel", "SC1001", "«scan» T as t { }", "expected 'kernel', got 'scan'",
     "a file is a list of kernels: kernel NAME(inputs) -> (results) { scan … }"},
    {"empty_subscripts", "SC1001", IN_SCAN("y[«]» = x[t]"), "expected an index name, got ']'", "write an index name here"},
    {"comma_at_the_end_of_a_call", "SC1001", IN_SCAN("y[t] = exp(x[t],«)»"),
     "expected an expression, got ')'", "write an expression here"},
    {"unclosed_kernel", "SC1001",
     "kernel k(x: f32[T]) -> (y: f32[T]) {\n  scan T as t { y[t] = x[t] }«»",
     "expected 'scan' or '}', got the end of the file", "write 'scan' or '}' here"},
    {"comment_of_another_language", "SC1001", "«/»/ a scan\nkernel k() -> () { }",
     "expected 'kernel', got '/'", "a comment begins with #"},
    {"comment_of_another_language_behind_a_statement", "SC1001", IN_SCAN("y[t] = x[t] /«/» a scan"),
     "expected an expression, got '/'", "a comment begins with #"},
    {"power_of_another_language", "SC1001", IN_SCAN("y[t] = x[t] *«*» 2"),
     "expected an expression, got '*'", "a power is written pow(x, 2)"},
    {"matrix_product_of_another_language", "SC1001", IN_SCAN("y[t] = x[t] «@» g[t]"),
     "expected a statement, got '@'",
     "a product of matrices is written with indices: y[t,i] = A[i,l] * x[t,l]"},
    {"assignment_with_an_operator", "SC1001", IN_SCAN("y[t] «+»= x[t]"), "expected '=', got '+'",
     "write the whole step: h[t] = h[t-1] + …"},
    {"empty_file", "SC1001", "«»", "expected a kernel, got an empty file",
     "write kernel NAME(inputs) -> (results) { scan … }"},
    {"fraction_of_a_step", "SC1001", IN_SCAN("y[t] = x[t-«1.5»]"),
     "expected a whole number of steps, got '1.5'", "write a whole number of steps here"},
    // SC1002
    {"character_outside_the_language", "SC1002", IN_SCAN("y[t] = x[t] «$» 2"),
     "unexpected character '$'", "remove it; names are made of letters, digits and '_'"},
    {"character_behind_wide_ones", "SC1002", IN_SCAN("y[t] = x[t] # αβγ\n    «λ»"),
     "unexpected character 'λ'", "remove it; names are made of letters, digits and '_'"},
    // SC1003
    {"size_above_int64", "SC1003", "kernel k(x: f32[T, «9223372036854775808»]) -> (y: f32[T]) {}",
     "expected a whole size below 2^63, got '9223372036854775808'",
     "write a whole number, or a name that is bound at launch"},
    {"size_with_a_fraction", "SC1003", "kernel k(x: f32[T, «1.5»]) -> (y: f32[T]) {}",
     "expected a whole size below 2^63, got '1.5'",
     "write a whole number, or a name that is bound at launch"},
    {"number_above_f64", "SC1003", IN_SCAN("y[t] = x[t] * «1e999»"),
     "expected a number that f64 can hold, got '1e999'", "write a smaller number"},
    {"number_above_f32", "SC1003", IN_SCAN("y[t] = select(x[t] > 0, x[t], «1e300»)"),
     "expected a number that f32 can hold, got '1e300'",
     "compute in f64: declare a tensor beside it f64"},
    // SC1005
    {"misspelt_tensor", "SC1005",
     "kernel k(gate: f32[T]) -> (y: f32[T]) { scan T as t { y[t] = «gat[t]» } }",
     "unknown name 'gat'", "did you mean 'gate'?"},
    {"misspelt_function", "SC1005", IN_SCAN("y[t] = «sigmod(x[t])»"), "unknown function 'sigmod'",
     "did you mean 'sigmoid'?"},
    {"name_like_no_other", "SC1005", IN_SCAN("y[t] = x[t] * «elephant»"), "unknown name 'elephant'",
     "use one of A, c, d, g, n, v, w, x, y"},
    {"misspelt_dimension", "SC1005",
     "kernel k(x: f32[Batch, T]) -> (y: f32[Batch, T]) { scan T as t over «Bach» { y[t] = x[t] } }",
     "unknown dimension 'Bach'", "did you mean 'Batch'?"},
    {"misspelt_attribute", "SC1005",
     "@«chnk»(64) kernel k(x: f32[T]) -> (y: f32[T]) { scan T as t { y[t] = x[t] } }",
     "unknown attribute 'chnk'", "did you mean 'chunk'?"},
    {"init_of_no_state", "SC1005", IN_SCAN("init «u» = w\n    u = x[t]\n    y[t] = u"),
     "'u' is not a state", "a state is assigned at [t] and read at [t-1]"},
    {"init_of_an_unknown_name", "SC1005", IN_SCAN("init «yy» = w\n    y[t] = y[t-1] + x[t]"),
     "unknown state 'yy'", "did you mean 'y'?"},
    {"init_from_an_unknown_tensor", "SC1005", IN_SCAN("init y = «ww»\n    y[t] = y[t-1] + x[t]"),
     "unknown tensor of initial states 'ww'", "did you mean 'w'?"},
    {"final_to_an_input", "SC1005", IN_SCAN("final y -> «w»\n    y[t] = y[t-1] + x[t]"),
     "unknown result 'w'", "did you mean 'y'?"},
    {"result_read_but_not_assigned", "SC1005",
     "kernel k(x: f32[T]) -> (y, z: f32[T]) { scan T as t { y[t] = x[t] * «z[t]» } }",
     "result 'z' is read but never assigned", "assign it: z[t, …] = …"},
    // SC1006
    {"parameter_declared_twice", "SC1006",
     "kernel k(x: f32[T], «x»: f32[T]) -> (y: f32[T]) { scan T as t { y[t] = x[t] } }",
     "'x' is declared twice", "rename one of them"},
    {"lane_twice_in_a_tensor", "SC1006",
     "kernel k(x: f32[N, T], A: f32[N, «N»]) -> (y: f32[N, T]) { scan T as t over N { y[t] = x[t] "
     "} }",
     "dimension 'N', which the scan walks, stands twice in 'A'",
     "subscripts leave walked dimensions out: give one of them another name"},
    {"time_twice_in_a_tensor", "SC1006",
     "kernel k(x: f32[T, «T»]) -> (y: f32[T]) { scan T as t { y[t] = x[t] } }",
     "dimension 'T', which the scan walks, stands twice in 'x'",
     "subscripts leave walked dimensions out: give one of them another name"},
    {"time_among_the_lanes", "SC1006",
     "kernel k(x: f32[T]) -> (y: f32[T]) { scan T as t over «T» { y[t] = x[t] } }",
     "dimension 'T' is already walked by this scan", "remove it from `over`"},
    {"two_initial_states", "SC1006",
     IN_SCAN("init y = w\n    init «y» = w\n    y[t] = y[t-1] + x[t]"),
     "'y' has this statement already", "remove one of them"},
    {"attribute_twice", "SC1006",
     "@chunk(2) @«chunk»(4) kernel k(x: f32[T]) -> (y: f32[T]) { scan T as t { y[t] = x[t] } }",
     "attribute '@chunk' stands twice", "remove one of them"},
    {"kernel_twice", "SC1006",
     "kernel k(x: f32[T]) -> (y: f32[T]) { scan T as t { y[t] = x[t] } }\n"
     "kernel «k»(x: f32[T]) -> (y: f32[T]) { scan T as t { y[t] = x[t] } }",
     "kernel 'k' stands twice in the file", "rename one of them"},
    {"reduction_over_an_index_twice", "SC1006", IN_SCAN("y[t] = sum[j,«j»](v[t,j])"),
     "index 'j' stands twice in sum", "remove one of them"},
    // SC1007
    {"too_few_subscripts", "SC1007", IN_SCAN("y[t] = «v[t]»"),
     "'v': expected [the step, an index over N], got 1 subscript",
     "dimensions in `over` are never written; the step comes first, the rest in memory order"},
    {"lane_written", "SC1007", IN_SCAN("y[t] = «x[t,b]»"),
     "'x': expected [the step], got 2 subscripts",
     "dimensions in `over` are never written; the step comes first, the rest in memory order"},
    {"step_on_a_tensor_without_time", "SC1007", IN_SCAN("y[t] = x[t] * «w[t]»"),
     "'w': expected no subscripts, got 1 subscript with a step",
     "dimensions in `over` are never written; the step comes first, the rest in memory order"},
    {"step_not_first", "SC1007", IN_SCAN("y[t] = v[t,«t»]"), "the step 't' comes first and once",
     "write v[t, …]"},
    {"index_twice_on_the_left", "SC1007", IN_SCAN("u[i,«i»] = A[i,i]\n    y[t] = x[t]"),
     "index 'i' stands twice on a left-hand side", "give one of them another name"},
    {"result_without_the_step", "SC1007", IN_SCAN("«y» = x[t]"),
     "result 'y' is assigned without the step", "write y[t, …]"},
    {"local_with_the_wrong_number_of_indices", "SC1007",
     IN_SCAN("u[i] = v[t,i]\n    y[t] = «u[i,j]»"), "'u': expected 1 index, got 2 indices",
     "dimensions in `over` are never written; the step comes first, the rest in memory order"},
    {"local_read_at_the_step", "SC1007", IN_SCAN("u = x[t]\n    y[t] = «u[t]»"),
     "'u': expected no subscript, got the step",
     "dimensions in `over` are never written; the step comes first, the rest in memory order"},
    {"state_without_the_step", "SC1007", IN_SCAN("y[t] = y[t-1] + x[t] * «y»"),
     "state 'y': expected the step, got no subscript",
     "dimensions in `over` are never written; the step comes first, the rest in memory order"},
    {"result_without_time", "SC1007",
     "kernel k(x: f32[B, T]) -> (y: f32[B]) { scan T as t over B { «y[t]» = x[t] } }",
     "result 'y' has no dimension 'T'", "a final state is written by: final STATE -> y"},
    // SC1008
    {"local_called_like_a_function", "SC1008", IN_SCAN("«max» = x[t]\n    y[t] = x[t]"),
     "'max' is the name of a function", "give the value another name"},
    {"parameter_called_like_a_reduction", "SC1008",
     "kernel k(x, «sum»: f32[T]) -> (y: f32[T]) { scan T as t { y[t] = x[t] } }",
     "'sum' is the name of a function", "give the value another name"},
    {"parameter_called_like_a_reduction_and_read", "SC1008",
     "kernel k(«sum»: f32[T]) -> (y: f32[T]) { scan T as t { y[t] = sum[t] + 1 } }",
     "'sum' is the name of a function", "give the value another name"},
    {"local_called_like_the_step", "SC1008", IN_SCAN("«t» = x[t]\n    y[t] = x[t]"),
     "'t' is the name of the step", "give the value another name, or write: scan T as …"},
    {"tensor_called_like_the_step", "SC1008",
     "kernel k(s: f32[T]) -> (y: f32[T]) { scan T as «s» { y[s] = s[s] } }",
     "'s' is both the name of the step and of a tensor",
     "call the step something else: scan T as step"},
    {"step_called_like_a_lane", "SC1008",
     "kernel k(x: f32[B, T]) -> (y: f32[B, T]) { scan T as «B» over B { y[B] = x[B] } }",
     "'B' is both the name of the step and of a lane", "call the step something else: scan T as t"},
    {"index_called_like_a_lane", "SC1008", IN_SCAN("y[t] = v[t,«B»]"),
     "'B' is a lane, not an index",
     "dimensions in `over` are never written: remove it, or use another index name"},
    {"index_called_like_the_segments", "SC1008",
     "kernel k(v: f32[T, N], cu: i32[S+1]) -> (y: f32[T]) {\n"
     "  scan T as t reset at cu { y[t] = v[t,«segment»] }\n}",
     "'segment' is the name of the segments", "use another index name"},
    // SC1009
    {"window_too_long", "SC1009", IN_SCAN("y[t] = «x[t-8]»"),
     "expected a step from [t] to [t-7], got [t-8]",
     "a window reaches at most 7 steps back and never ahead"},
    {"window_ahead", "SC1009", IN_SCAN("y[t] = «x[t+1]»"),
     "expected a step from [t] to [t-7], got [t+1]",
     "a window reaches at most 7 steps back and never ahead"},
    {"assigned_at_another_step", "SC1009", IN_SCAN("«y[t-1]» = x[t]"),
     "expected [t] on a left-hand side, got [t-1]", "assign at [t] and read at [t-1]"},
    // SC1010
    {"state_two_steps_back", "SC1010", IN_SCAN("y[t] = «y[t-2]» + x[t]"),
     "state 'y': expected [t] or [t-1], got [t-2]",
     "a step further back is a state of its own: g[t] = y[t-1]"},
    {"state_a_step_ahead", "SC1010", IN_SCAN("y[t] = y[t-1] + «y[t+1]»"),
     "state 'y': expected [t] or [t-1], got [t+1]",
     "what lies ahead is read by a scan in reverse: reverse scan T as t"},
    {"local_read_at_the_step_before", "SC1010", IN_SCAN("u = x[t]\n    y[t] = «u[t-1]»"),
     "'u' is read at another step, but is no state", "a state is assigned at the step: u[t] = …"},
    // SC1011
    {"index_without_a_size", "SC1011", IN_SCAN("h[t,«i»] = 0.5 * h[t-1,i] + x[t]\n    y[t] = x[t]"),
     "index 'i' has no size", "subscript a tensor with it: its dimension gives the size"},
    {"index_over_two_dimensions", "SC1011", IN_SCAN("y[t] = A[i,«i»]"),
     "index 'i' runs over two dimensions: 'N' and 'M'", "use another index name for one of them"},
    {"index_of_a_local_over_two_dimensions", "SC1011",
     IN_SCAN("u[i] = v[t,i]\n    y[t] = A[i,m] * u[«m»]"),
     "index 'm' runs over two dimensions: 'M' and 'N'", "use another index name for one of them"},
    {"reduction_over_nothing", "SC1011", IN_SCAN("y[t] = sum[«j»](x[t])"),
     "nothing under sum[j] varies over 'j'", "remove the index from the reduction"},
    // SC1012
    {"result_never_written", "SC1012",
     "kernel k(x: f32[T]) -> (y, «z»: f32[T]) { scan T as t { y[t] = x[t] } }",
     "result 'z' is never written", "assign it: z[…] = …, or remove it"},
    {"kernel_without_a_result", "SC1012", "kernel «k»(x: f32[T]) -> () { }",
     "kernel 'k' has no result", "declare what it computes: -> (y: f32[…])"},
    {"kernel_without_a_scan", "SC1012", "kernel «k»(x: f32[T]) -> (y: f32[T]) { }",
     "kernel 'k' has no scan", "write one: scan T as t { … }"},
    {"scan_without_a_result", "SC1012",
     "kernel k(x: f32[T]) -> (y: f32[T]) { scan T as t { y[t] = x[t] } scan «T» as t { u = x[t] } "
     "}",
     "the scan over 'T' writes no result",
     "assign a result at [t], or write: final STATE -> RESULT"},
    // SC1013
    {"assigned_twice", "SC1013", IN_SCAN("y[t] = x[t]\n    «y[t]» = x[t]"), "'y' is assigned twice",
     "give the value another name"},
    {"input_assigned", "SC1013", IN_SCAN("y[t] = x[t]\n    «w» = x[t]"),
     "'w' is an input and cannot be assigned", "give the value another name"},
    {"two_scans_write_one_result", "SC1013",
     "kernel k(x: f32[T]) -> (y: f32[T]) { scan T as t { y[t] = x[t] } scan T as t { «y[t]» = x[t] "
     "} }",
     "result 'y' is written twice", "declare a result of its own for each"},
    {"final_to_a_written_result", "SC1013",
     "kernel k(x: f32[B, T]) -> (y: f32[B, T], z: f32[B]) {\n  scan T as t over B {\n    y[t] = "
     "y[t-1] + x[t]\n"
     "    u[t] = u[t-1] + y[t]\n    final y -> z\n    final u -> «z»\n  }\n}",
     "result 'z' is written twice", "declare a result of its own for each"},
    // SC1014
    {"result_lacks_a_lane", "SC1014",
     "kernel k(x: f32[B, T]) -> («y»: f32[T]) { scan T as t over B { y[t] = x[t] } }",
     "result 'y' lacks dimension 'B' that the scan runs over",
     "add B to its dimensions: each lane writes its own part"},
    {"final_state_lacks_a_lane", "SC1014",
     "kernel k(x: f32[B, T]) -> (y: f32[B, T], «z»: f32) {\n"
     "  scan T as t over B {\n    y[t] = y[t-1] + x[t]\n    final y -> z\n  }\n}",
     "result 'z' lacks dimension 'B' that the scan runs over",
     "add B to its dimensions: each lane writes its own part"},
    // SC1015
    {"too_many_arguments", "SC1015", IN_SCAN("y[t] = «exp(x[t], 2)»"),
     "exp: expected 1 argument, got 2", "write exp(a)"},
    {"too_few_arguments", "SC1015", IN_SCAN("y[t] = «clamp(x[t], 0)»"),
     "clamp: expected 3 arguments, got 2", "write clamp(a, b, c)"},
    {"reduction_without_its_index", "SC1015", IN_SCAN("y[t] = «max(v[t,i])»"),
     "max: expected 2 arguments, got 1", "write max[j](…) to reduce over an index"},
    {"sum_without_its_index", "SC1015", IN_SCAN("y[t] = «sum(v[t,i])»"),
     "sum: expected the index names it runs over, got none", "write sum[j](…)"},
    // SC1016
    {"unknown_strategy", "SC1016",
     "@strategy(«sequental») kernel k(x: f32[T]) -> (y: f32[T]) { scan T as t { y[t] = x[t] } }",
     "@strategy: expected one of auto, sequential, blelloch, look_back, matmul_scan, "
     "cyclic_reduction, "
     "chunkwise, projection, projected_scan, fission, got 'sequental'",
     "did you mean 'sequential'?"},
    {"chunk_of_nothing", "SC1016",
     "@chunk(«0») kernel k(x: f32[T]) -> (y: f32[T]) { scan T as t { y[t] = x[t] } }",
     "@chunk: expected a number from 1 to 999999999, got '0'", "write @chunk(64)"},
    {"chunk_above_the_limit", "SC1016",
     "@chunk(«99999999999999999999») kernel k(x: f32[T]) -> (y: f32[T]) { scan T as t { y[t] = "
     "x[t] } }",
     "@chunk: expected a number from 1 to 999999999, got '99999999999999999999'", "write @chunk(64)"},
    {"strategy_without_a_name", "SC1016",
     "@«accumulate» kernel k(x: f32[T]) -> (y: f32[T]) { scan T as t { y[t] = x[t] } }",
     "@accumulate: expected one of f32, f64, got nothing", "write @accumulate(f32)"},
    {"value_where_none_is_taken", "SC1016",
     "@deterministic(«yes») kernel k(x: f32[T]) -> (y: f32[T]) { scan T as t { y[t] = x[t] } }",
     "@deterministic: expected no value, got 'yes'", "write @deterministic"},
    // SC1017
    {"unknown_type", "SC1017",
     "kernel k(x: «float»[T]) -> (y: f32[T]) { scan T as t { y[t] = x[t] } }",
     "expected an element type (f64 f32 f16 bf16 f8e4m3 f8e5m2 c64 i32), got 'float'",
     "use one of these, such as f32"},
    {"complex_argument_of_a_real_function", "SC1017", IN_SCAN("y[t] = «tanh(c[t])»"),
     "tanh: expected a real argument, got a complex one",
     "take real(…), imag(…) or abs(…) of it first"},
    {"complex_result_stored_as_real", "SC1017", IN_SCAN("«y[t]» = c[t]"),
     "'y': expected type c64, got f32", "declare it c64, or store real(…)"},
    {"order_of_complex_numbers", "SC1017", IN_SCAN("y[t] = select(«c[t] < x[t]», 1, 0)"),
     "complex numbers have no order", "compare real(…), imag(…) or abs(…)"},
    {"complex_maximum", "SC1017",
     "kernel k(c: c64[T, N]) -> (y: c64[T]) { scan T as t { y[t] = «max[n](c[t,n])» } }",
     "max: expected real numbers, got complex ones", "take real(…), imag(…) or abs(…) of them first"},
    {"f64_beside_c64", "SC1017", IN_SCAN("y[t] = real(«c[t] * d[t]»)"),
     "f64 and c64 do not mix: a part of c64 is an f32", "declare the f64 tensor f32"},
    {"integer_state", "SC1017", IN_SCAN("state «y»: i32\n    y[t] = y[t-1] + x[t]"),
     "state 'y': expected a floating-point type, got i32", "declare it f32"},
    {"integer_result", "SC1017",
     "kernel k(x: f32[T]) -> («y»: i32[T]) { scan T as t { y[t] = x[t] } }",
     "result 'y': expected a floating-point type, got i32", "declare it f32"},
    // SC1018
    {"local_of_itself", "SC1018", IN_SCAN("u = «u» * 2\n    y[t] = u"),
     "'u' at this step depends on itself through 'u'", "read one of them at the step before"},
    {"states_of_each_other_at_the_same_step", "SC1018",
     IN_SCAN("a[t] = a[t-1] + b[t]\n    b[t] = b[t-1] + «a[t]»\n    y[t] = a[t]"),
     "'a' at this step depends on itself through 'b'", "read one of them at the step before"},
    // SC1019
    {"initial_state_of_another_shape", "SC1019",
     IN_SCAN("init h = «w»\n    h[t,i] = h[t-1,i] + v[t,i]\n    y[t] = x[t]"),
     "'w' cannot hold state 'h': expected lanes B, a dimension for each of i, got f32[B]",
     "declare w with these dimensions; lanes may stand anywhere"},
    {"initial_state_with_time", "SC1019", IN_SCAN("init y = «x»\n    y[t] = y[t-1] + x[t]"),
     "'x' cannot hold state 'y': expected lanes B, got f32[B, T]",
     "declare x with these dimensions; lanes may stand anywhere"},
    {"initial_state_without_segments", "SC1019",
     "kernel k(x: f32[T, H], cu: i32[S+1], h0: f32[H, K]) -> (y: f32[T, H]) {\n"
     "  scan T as t over H reset at cu {\n    init y = «h0»\n    y[t] = y[t-1] + x[t]\n  }\n}",
     "'h0' cannot hold state 'y': expected lanes H, segments S, got f32[H, K]",
     "declare h0 with these dimensions; lanes may stand anywhere"},
    // SC1020
    {"offsets_of_another_type", "SC1020",
     "kernel k(x: f32[T], cu: i32[S]) -> (y: f32[T]) { scan T as t reset at «cu» { y[t] = y[t-1] + "
     "x[t] } }",
     "reset at: expected offsets of type i32[S+1], got i32[S] for 'cu'", "declare cu: i32[S+1]"},
    // SC1021
    {"local_assigned_at_the_step", "SC1021", IN_SCAN("«u[t]» = x[t]\n    y[t] = u[t]"),
     "'u' is assigned at [t] but is neither a result nor read at [t-1]",
     "a local lives for one step: write it without [t]"},
    // SC1022
    {"comparison_as_a_number", "SC1022", IN_SCAN("y[t] = «(x[t] > 0)» * x[t]"),
     "expected a number, got a comparison",
     "comparisons stand in the first argument of select(c, a, b)"},
    {"number_as_a_comparison", "SC1022", IN_SCAN("y[t] = select(«x[t]», 1, 0)"),
     "expected a comparison in select, got a number", "write select(x > 0, a, b)"},
    // SC1023
    {"result_of_another_scan", "SC1023",
     "kernel k(x: f32[T]) -> (y, z: f32[T]) { scan T as t { y[t] = x[t] } scan T as t { z[t] = "
     "«y[t]» } }",
     "result 'y' is read but another scan writes it",
     "scans of a kernel are independent: compute it in this scan, or in a kernel of its own"},
};

/// The text without its marks, and the place that they mark.
std::string unmarked(const std::string &marked, SourceRange &place) {
  static const std::string open = "«", close = "»";
  std::size_t from = marked.find(open);
  std::string head = marked.substr(0, from), rest = marked.substr(from + open.size());
  std::size_t to = rest.find(close);
  auto characters = [](const std::string &text) {
    return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; });
  };
  std::size_t lineStart = head.rfind('\n') + 1; // npos + 1 is 0
  place.line = 1 + std::count(head.begin(), head.end(), '\n');
  place.column = 1 + characters(head.substr(lineStart));
  place.length = std::max<std::int64_t>(1, characters(rest.substr(0, to)));
  return head + rest.substr(0, to) + rest.substr(to + close.size());
}

void PrintTo(const Wrong &wrong, std::ostream *stream) { *stream << wrong.fault; }

class Errors : public testing::TestWithParam<Wrong> {};

TEST_P(Errors, has_a_cure) { EXPECT_STRNE(GetParam().help, ""); }

TEST_P(Errors, is_reported_at_its_place) {
  SourceRange place;
  Read read(unmarked(GetParam().text, place));
  ASSERT_FALSE(read.errors.empty()) << read.text;
  const Error &error = read.errors.front();
  std::string all = renderAll(read.errors);
  EXPECT_EQ(read.errors.size(), 1u) << all;
  EXPECT_EQ(error.code, GetParam().code) << all;
  EXPECT_EQ(error.kind, ErrorKind::input);
  EXPECT_EQ(error.message, GetParam().message);
  EXPECT_EQ(error.help, GetParam().help);
  EXPECT_EQ(error.place.file, "test.scan");
  EXPECT_EQ(error.place.line, place.line) << all;
  EXPECT_EQ(error.place.column, place.column) << all;
  EXPECT_EQ(error.place.length, place.length) << all;
  std::istringstream lines(read.text);
  std::string line;
  for (std::int64_t i = 0; i < place.line; ++i)
    std::getline(lines, line);
  EXPECT_EQ(error.sourceLine, line);
}

INSTANTIATE_TEST_SUITE_P(Table, Errors, testing::ValuesIn(table),
                         [](const auto &info) { return std::string(info.param.fault); });

TEST(ErrorPages, every_code_has_a_section_and_a_test) {
  std::string page = documentation("errors/frontend.md");
  std::set<std::string> tested = {"SC1004"}; // HostileTest.cpp
  for (const Wrong &wrong : table)
    tested.insert(wrong.code);
  std::istringstream lines(page);
  std::set<std::string> described;
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("## SC"))
      described.insert(line.substr(3, 6));
  EXPECT_EQ(described, tested);
}

TEST(Recovery, statements_behind_a_broken_one_are_still_read) {
  Read read("kernel k(x: f32[T]) -> (y, z: f32[T]) {\n"
            "  scan T as t {\n"
            "    y[t] = x[t] +\n"
            "    z[t] = ) x[t]\n"
            "    u = x[t] * (2\n"
            "    w = 1\n"
            "    v = 1 $\n"
            "  }\n"
            "}\n");
  ASSERT_EQ(read.errors.size(), 3u) << renderAll(read.errors);
  EXPECT_EQ(read.errors[0].place.line, 4);
  EXPECT_EQ(read.errors[1].place.line, 6);
  EXPECT_EQ(read.errors[1].code, "SC1001");
  EXPECT_EQ(read.errors[2].code, "SC1002");
  EXPECT_EQ(read.errors[2].place.line, 7);
}

TEST(Recovery, kernels_behind_a_broken_one_are_still_read) {
  Read read("kernel a(x f32[T]) -> (y: f32[T]) { scan T as t { y[t] = x[t] } }\n"
            "kernel b(x: f32[T]) -> (y f32[T]) { scan T as t { y[t] = x[t] } }\n");
  ASSERT_EQ(read.errors.size(), 2u) << renderAll(read.errors);
  EXPECT_EQ(read.errors[0].message, "expected ':', got 'f32'");
  EXPECT_EQ(read.errors[1].place.line, 2);
}

TEST(Recovery, all_mistakes_of_meaning_are_reported_in_the_order_of_the_text) {
  Read read("kernel k(x: f32[T]) -> (y: f32[T]) {\n"
            "  scan T as t {\n"
            "    y[t] = exp(x[t], 1) + foo\n"
            "    u = x[t-9]\n"
            "  }\n"
            "}\n");
  ASSERT_EQ(read.errors.size(), 3u) << renderAll(read.errors);
  EXPECT_EQ(read.errors[0].code, "SC1015");
  EXPECT_EQ(read.errors[1].code, "SC1005");
  EXPECT_EQ(read.errors[2].code, "SC1009");
}

TEST(Recovery, a_flood_of_errors_is_cut) {
  std::string text = "kernel k(x: f32[T]) -> (y: f32[T]) { scan T as t { y[t] = x[t]\n";
  for (int i = 0; i < 1000; ++i)
    text += "$\n";
  EXPECT_EQ(Read(text + "} }").errors.size(), 20u);
}

TEST(Notes, point_at_the_other_place) {
  Read read("kernel k(x: f32[T]) -> (y: f32[T]) {\n  scan T as t {\n    y[t] = x[t]\n    y[t] = "
            "2\n  }\n}");
  ASSERT_EQ(read.errors.size(), 1u);
  ASSERT_EQ(read.errors[0].notes.size(), 1u);
  EXPECT_EQ(read.errors[0].notes[0].text, "first assigned here");
  EXPECT_EQ(read.errors[0].notes[0].place.line, 3);
  EXPECT_EQ(read.errors[0].notes[0].place.column, 5);
}

} // namespace
} // namespace scanc::frontend
