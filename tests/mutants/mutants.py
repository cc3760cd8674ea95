"""Bugs that `run.py` plants, and the tests that must see each.

A test is a binary of the build folder with a filter of GoogleTest, or `lit` with one of lit.
"""
from typing import NamedTuple


class Mutant(NamedTuple):
    file: str  # in the repository
    search: str  # found there exactly once
    replacement: str
    fault: str
    tests: list  # of (binary, filter), one after the other until one fails


def emulated(*names):
    return [("end-to-end-tests", ":".join(f"*EmulatedPrograms*/{name}" for name in names))]


DIAGONAL = emulated("gated_scan_blelloch_37", "gated_scan_time_blelloch_37", "cascade_blelloch_37",
                    "short_conv_blelloch_37", "init_final_*_37", "reverse_*_37")
PHASES = [("end-to-end-tests", "*Rings*")] + DIAGONAL
LOOK_BACK = emulated("gated_scan_look_back_1500", "gated_scan_time_look_back_1*")
# Not the tests that plant a fault of their own.
MATMUL = [("end-to-end-tests", "MatmulScan.isRight*:MatmulScan.walksFromTheEnd")]
REDUCED = [("end-to-end-tests", "*DenseSizes.areRightByCyclicReductionAtEveryTime*")]
WHOLE = [("ScancTemplatesTests", "WholeMatrices.*")]
CHUNKS = [("end-to-end-tests", "*CorrectedTimes*/4:*RowDecayTimes*/4:*ChunkTimes*/4")]
PACKED = [("end-to-end-tests", "*PackedSequences*:PackedWindows.segmentsReachFromWindowToWindow")]

POWERS = [("end-to-end-tests", "PowerReduction.*Beyond*:Rows/PowerReduction.isRightAtEveryTime/1")]
PROJECTED = [("end-to-end-tests", "*OneKernel*:ProjectedScan.*")]
RELAYED = [("end-to-end-tests", "Chunkwise.groupsThatCarry128Columns*")]
CORRECTED = [("end-to-end-tests", "Chunkwise.groupsThatCarryACorrectedState*")]
HEADS = [("end-to-end-tests", "*ProjectedHeads.haveReductionsThatNeedEachOther/1")]
SPANS = [("end-to-end-tests", "Chunkwise.blocksThatShareTheTimeOfA*")]
SPAN_PARTS = [("end-to-end-tests", "Chunkwise.blocksThatPassOverPartsOfASpan*")]

LIBRARY = "templates/scanc/"
MUTANTS = [
    # Maps and elements.
    Mutant(LIBRARY + "core/affine.cuh", "Ring>(later.gain, earlier.bias), later.bias)",
           "Ring>(earlier.gain, later.bias), earlier.bias)", "composition in the wrong order", DIAGONAL),
    Mutant(LIBRARY + "core/affine.cuh", "map = {Ring::template one<T>(),",
           "map = {Ring::template zero<T>(),", "a wrong identity", DIAGONAL),
    Mutant(LIBRARY + "core/affine.cuh", "return Ring::add(multiply<of, Ring>(map.gain, state), map.bias);",
           "return multiply<of, Ring>(map.gain, state);", "the input of a step is dropped", DIAGONAL),
    Mutant(LIBRARY + "core/element.cuh", "return bf16{f32_to_bf16(static_cast<float>(x))};",
           "return bf16{f32_to_bf16(static_cast<float>(x) * 1.01f)};", "a store that is not x", DIAGONAL),
    Mutant(LIBRARY + "thread/activation.cuh", "return inverse(T(1) + F::exp(-x));",
           "return inverse(T(1) + F::exp(x));", "a sigmoid of the wrong sign", DIAGONAL),
    # Scans over threads.
    Mutant(LIBRARY + "warp/compose_scan.cuh", "if (lane_index() >= reach)", "if (lane_index() > reach)",
           "a lane left out of the warp's scan", DIAGONAL),
    Mutant(LIBRARY + "block/carry.cuh", "    if (i == mine)\n      entering = carry;",
           "    if (i + 1 == mine)\n      entering = carry;", "the carry of the wrong run", DIAGONAL),
    Mutant(LIBRARY + "block/carry.cuh", "    shared_store(cells[thread_index()], own);\n    block_barrier();",
           "    shared_store(cells[thread_index()], own);", "a missing barrier before the runs are read", DIAGONAL),
    Mutant(LIBRARY + "kernel/blelloch.cuh", "    half ^= 1;\n", "", "cells filled again while they are read", PHASES),
    # Rings of tiles, vectors, windows.
    Mutant(LIBRARY + "thread/ring.cuh", "await_copies<R::shape.ring - 1>();\n      recurrence.take(in, slots.at[taking]);",
           "await_copies<R::shape.ring>();\n      recurrence.take(in, slots.at[taking]);",
           "a tile taken before its copies have landed", PHASES),
    Mutant(LIBRARY + "thread/ring.cuh", "filling = R::shape.ring - 1;", "filling = 0;",
           "a slot filled before it is taken", PHASES),
    Mutant(LIBRARY + "thread/ring.cuh", "      in = ahead;\n", "", "the prefetched tile is forgotten",
           emulated("*_blelloch_41", "*_blelloch_300", "*_sequential_37")),
    Mutant(LIBRARY + "thread/access.cuh", "to.set(i, as_stored[W - 1 - i]);", "to.set(i, as_stored[i]);",
           "a reverse walk that reads forwards", DIAGONAL),
    Mutant(LIBRARY + "thread/access.cuh", "    to.set(at + i, typename Row::element{});", "    to.set(at + i, to[at + i]);",
           "a window that does not read zero before the start", DIAGONAL),
    # Look-back.
    Mutant(LIBRARY + "grid/look_back.cuh",
           "compose(shuffle(half, fan + own_item), shuffle(half, own_item))",
           "compose(shuffle(half, own_item), shuffle(half, fan + own_item))",
           "the tiles of a group before the groups of the span", LOOK_BACK),
    Mutant(LIBRARY + "grid/look_back.cuh", "reads_tiles ? at < place", "reads_tiles ? at < place - 1",
           "the tile just before is left out", LOOK_BACK),
    Mutant(LIBRARY + "grid/look_back.cuh", "affine<T, Ring>{map.gain == T(0) ? -T(0) : map.gain, map.bias}",
           "affine<T, Ring>{map.gain, map.bias}", "a decay of 0 is never seen",
           [("end-to-end-tests", "*aGainOfZeroForgetsTheStateBefore*look_back*:*nothingEverEnters*look_back*")] + LOOK_BACK),
    Mutant(LIBRARY + "kernel/look_back.cuh", "before[v] = lane_index() == 0 ? upto : compose(below, upto);",
           "before[v] = lane_index() == 0 ? upto : compose(upto, below);",
           "runs of a warp in the wrong order", LOOK_BACK),
    # Products as scans.
    Mutant(LIBRARY + "kernel/matmul_scan.cuh", "    gain[v] = 1.0f;\n", "    gain[v] = 0.0f;\n",
           "steps behind the end are no identity", MATMUL),
    Mutant(LIBRARY + "kernel/matmul_scan.cuh", "entering[l] = i <= part.tile ? carry[l] : entering[l];",
           "entering[l] = i < part.tile ? carry[l] : entering[l];", "the state of the tile before", MATMUL),
    # Dense transitions.
    Mutant(LIBRARY + "grid/matrix_chunks.cuh", "const auto *first = step < far ? first_far : first_near - far;",
           "const auto *first = step < far ? first_far : first_near;", "the maps of nearer chunks are skipped", REDUCED),
    Mutant(LIBRARY + "grid/matrix_chunks.cuh", "  if (nearer != 0)\n", "  if (nearer == 0)\n",
           "maps of nearer chunks are not awaited", REDUCED),
    Mutant(LIBRARY + "grid/matrix_chunks.cuh", "last = chunk + 1 >= space.chunks;", "last = chunk >= space.chunks;",
           "no chunk is the last one", REDUCED),
    Mutant(LIBRARY + "block/whole_matrices.cuh", "order_in_memory == 2 ? last - step", "order_in_memory == 2 ? step",
           "matrices that lie backwards are taken forwards", WHOLE),
    Mutant(LIBRARY + "block/whole_matrices.cuh", "    if (++awaited == slots) {\n      awaited = 0;\n      parity ^= 1;\n    }\n", "    ++awaited;\n",
           "a slot is not awaited when it is filled again", WHOLE),
    # Chunks of matrices of state.
    Mutant(LIBRARY + "block/chunk_outputs.cuh", "behind > 0 ? 0xffffffffu : behind == 0 ? 0xffffu : 0u",
           "behind >= 0 ? 0xffffffffu : 0u", "a step sees the one after it", CHUNKS),
    Mutant(LIBRARY + "block/chunk_correction.cuh", "column < row(i) ? weight", "column + 1 < row(i) ? weight",
           "a step is not corrected by the one before it", CHUNKS),
    Mutant(LIBRARY + "block/chunk_correction.cuh", "narrow_tf32(negated ? -number : number)", "narrow_tf32(number)",
           "blocks of the inverse with the wrong sign", CHUNKS),
    Mutant(LIBRARY + "kernel/chunkwise.cuh", "      state.scale(exp2_approximate(last));\n", "      ;\n",
           "the state of a chunk does not decay", CHUNKS),
    Mutant(LIBRARY + "block/chunk_row_decays.cuh",
           "by[c] = (r % half == 0 ? before[c] : by[c]) * decay[r][c];",
           "by[c] = (r % half == 0 ? before[c] : by[c] * decay[r][c]);",
           "queries a step short of their decay", CHUNKS),
    # Places.
    Mutant(LIBRARY + "warp/strip.cuh", "distance = first * stride * static_cast<int>(sizeof(T));",
           "distance = static_cast<int>(first * stride * static_cast<int>(sizeof(T)));", "a distance of 32 bits",
           [("grid-tests", "*HugeViews*strips*")]),
    Mutant(LIBRARY + "warp/strip.cuh", "v % 2 * static_cast<int>(stride & 1)", "v % 2 * static_cast<int>(stride % 2)",
           "the phase of a row that is walked from the end", [("end-to-end-tests", "OddLanes.rows_of_16_bits*")]),
    # Powers of one matrix.
    Mutant(LIBRARY + "kernel/power_reduction.cuh", "any != 0 ? space.beyond : space.in_range", "space.in_range",
           "a power beyond the range is used", POWERS),
    Mutant(LIBRARY + "kernel/power_reduction.cuh", "shared_store(storage.beyond[warp_index()], met);",
           "shared_store(storage.beyond[0], met);", "warps tell over each other", POWERS),
    Mutant(LIBRARY + "kernel/power_reduction.cuh", "for (int chunk = 1; chunk < R::shape.chunk; chunk *= 2)",
           "for (int chunk = 1; chunk < R::shape.chunk / 2; chunk *= 2)", "a power of half a chunk", POWERS),
    # Layers in one kernel.
    Mutant(LIBRARY + "block/projected_steps.cuh", "shared_store(cells.states[pair + 1][at], apply(low, state));",
           "shared_store(cells.states[pair + 1][at], state);", "every second warp begins a warp too early", PROJECTED),
    Mutant(LIBRARY + "block/projected_steps.cuh", "if (first + v == layer.steps() - 1)", "if (first + v == layer.steps())",
           "the last state of a ragged tile", PROJECTED),
    Mutant(LIBRARY + "kernel/projected_scan.cuh", "place.step + R::shape.steps() >= layer.steps()",
           "place.step + R::shape.steps() > layer.steps()", "the final state of a whole last tile",
           [("grid-tests", "*StrategySizes*/projected_scan")]),
    Mutant(LIBRARY + "block/projected_steps.cuh", "row.place.lane + lane + e < layer.lanes() ? made[e] : element{}", "made[e]",
           "a product behind takes numbers of lanes that do not exist",
           [("end-to-end-tests", "*BehindOneKernel.hasColumnsOfAnIndexThatIsSummedOver*")]),
    # Columns of a matrix of state.
    Mutant(LIBRARY + "block/state_columns.cuh", "begin_identity(int first) {\n    each([&](float &number, int row, int column) { number = row == first + column",
           "begin_identity(int first) {\n    each([&](float &number, int row, int column) { number = row == column",
           "the identity's first columns everywhere", SPANS),
    Mutant(LIBRARY + "block/state_columns.cuh", "i / 2 * of_tile + n / 2 * of_warp + i % 2 * of_row",
           "i % 2 * of_tile + n / 2 * of_warp + i / 2 * of_row", "rows and columns of a told state exchanged", SPANS),
    Mutant(LIBRARY + "kernel/chunk_entries.cuh", "(first + k + 1) % parts == 0", "(first + k) % parts == 0",
           "the state that enters a span lacks parts of the one before", SPAN_PARTS),
    Mutant(LIBRARY + "kernel/chunk_entries.cuh", "state[i] * decays[k] + added[k][i]", "state[i] + added[k][i]",
           "states do not decay from span to span", SPAN_PARTS),
    Mutant(LIBRARY + "kernel/chunk_states.cuh", "    behind += block::decay_at<S>(slot, block::chunk_steps - 1);\n",
           "    behind = block::decay_at<S>(slot, block::chunk_steps - 1);\n", "values do not decay in later chunks of a part",
           SPAN_PARTS),
    # Groups that carry a state, and groups that read it out.
    Mutant(LIBRARY + "kernel/chunk_relay.cuh", "    await_copies<open>();\n", "    await_copies<open + 1>();\n",
           "a chunk is shown before its copies have landed", RELAYED),
    Mutant(LIBRARY + "kernel/chunk_relay.cuh", "static_cast<int>(chunk / readers % 2)", "static_cast<int>(chunk % 2)",
           "a reader waits for another's turn", RELAYED),
    Mutant(LIBRARY + "kernel/chunk_relay.cuh", "state.show(storage.state[reader_of(chunk)].of[group]);",
           "state.show(storage.state[reader_of(chunk)].of[0]);", "groups show their columns in one place", RELAYED),
    Mutant(LIBRARY + "kernel/chunk_relay.cuh", "relay.await_left(chunk - readers);", "relay.await_left(chunk - readers - 1);",
           "a state is shown before the last one has been read", RELAYED),
    Mutant(LIBRARY + "kernel/corrected_relay.cuh", "      relay.await(storage.left, chunk - 1);\n", "      ;\n",
           "a corrected state is shown before the last one has been read", CORRECTED),
    Mutant(LIBRARY + "kernel/corrected_relay.cuh", "        relay.await(storage.used, chunk - 1);\n", "        ;\n",
           "what reads a state is made in the place of what is read", CORRECTED),
    Mutant(LIBRARY + "kernel/corrected_relay.cuh", "    if (chunk > 0 && !block::has_maps<R>)\n      relay.await(storage.done, chunk - 1);\n", "",
           "a chunk is copied over one that is read out", CORRECTED),
    Mutant(LIBRARY + "kernel/corrected_relay.cuh", "          relay.await(storage.done, chunk - 1);\n", "          ;\n",
           "values are copied over those of a chunk that is read out", CORRECTED),
    Mutant("compiler/planning/Kernels.cpp", 'facts.insert(formatv("{0} > 0", stride));', "",
           "a map of rows that do not follow each other", [("lit", "planning|plan")]),
    Mutant(LIBRARY + "kernel/corrected_relay.cuh", "    relay.await(storage.prepared, chunk);\n", "",
           "an inverse is multiplied before it is scaled", CORRECTED),
    Mutant(LIBRARY + "kernel/corrected_relay.cuh", "    relay.say(storage.made, chunk, relay.carrying + relay.reading);\n    relay.await(storage.made, chunk);\n",
           "    relay.say(storage.made, chunk, relay.carrying + relay.reading);\n", "a state is read with what is not made yet", CORRECTED),
    # Norms of heads.
    Mutant(LIBRARY + "block/product_tile.cuh", "= warp::merge_apart<4>(whole)[0];", "= whole[0];",
           "a head is summed by each lane alone", HEADS),
    Mutant(LIBRARY + "block/product_tile.cuh",
           "          exist[e] = own < count;\n          columns[e] = exist[e] ? own : count - 1;\n        }\n        make.template read_out<round>",
           "          exist[e] = true;\n          columns[e] = own < count ? own : count - 1;\n        }\n        make.template read_out<round>",
           "columns behind the last are of the head", HEADS),
    # Packed sequences.
    Mutant(LIBRARY + "thread/segments.cuh", "begin(from + reach) <= step)", "begin(from + reach) < step)",
           "a segment that begins at this step is not found", PACKED),
    Mutant(LIBRARY + "thread/segments.cuh", "((1u << delay) - 1)) == 0", "((1u << (delay - 1)) - 1)) == 0",
           "a window reaches into the segment before", PACKED),
    # The compiler and the runtime.
    Mutant("compiler/analysis/LinearForm.cpp", "      constant = nodes.negate(constant);\n", "      ;\n",
           "what is subtracted is added", [("lit", "analysis")] + DIAGONAL),
    Mutant("compiler/planning/Kernels.cpp", 'formatv("address({0}) % {1} == 0", access.parameter, bytes)',
           'formatv("address({0}) % {1} == 0", access.parameter, bytes / 2)',
           "vectors at addresses of half their alignment", [("lit", "planning|plan")]),
    Mutant("compiler/planning/Kernels.cpp", 'formatv("{0} < {1}", access.span(), offsetLimit)',
           'formatv("{0} < {1}", access.span(), 8 * offsetLimit)',
           "offsets of 32 bits in larger tensors", [("lit", "planning|plan")]),
    Mutant("compiler/planning/Kernels.cpp", 'std::string grid = formatv("ceildiv({0}, {1})",',
           'std::string grid = formatv("{0} / {1}",', "the last lanes have no block", [("lit", "planning|plan")] + DIAGONAL),
    Mutant("compiler/emission/KernelData.cpp", '" - 1 - step)" : "offset(step)"', '" - step)" : "offset(step)"', "a reverse walk begins behind the end",
           [("end-to-end-tests", "Emulated.aWalkAcrossLanesFromTheEnd*")]),
    Mutant("compiler/emission/ChunkKernel.cpp", 'formatv("if (part != {0})", partsOfStep() - 1)', 'formatv("if (part != {0})", 0)',
           "a step is read out behind the first of its corrections", [("end-to-end-tests", "Chunkwise.severalCorrectionsOfAStep*")]),
    Mutant("runtime/launch/LaunchPlanner.cpp", "    map.box = maps[i].box;\n", "    map.box = {maps[i].box[1], maps[i].box[0]};\n",
           "rows and columns of a map's box exchanged", [("runtime-tests", "ExecutableTest.maps_follow*")]),
    Mutant("compiler/emission/KernelSteps.cpp", "    if (kernel.getReset() || !llvm::is_contained(kernel.getInitStates(), i))",
           "    if (true)", "initial states are not read", DIAGONAL),
    Mutant("runtime/launch/CompiledFormula.cpp", "node.kind == Kind::ceildiv && a % b != 0", "node.kind == Kind::ceildiv && a % b > 1",
           "a quotient that is rounded down", [("runtime-tests", "*Formula*")]),
    Mutant("runtime/cache/EntryFile.cpp", "if (!parts || parts->front() != key)", "if (!parts)",
           "an entry of another key is believed", [("runtime-tests", "*Cache*:*Entr*")]),
    Mutant("runtime/Npy.cpp", "  for (std::int64_t size : sizes)\n    if (__builtin_mul_overflow(count, size, &count))\n      return std::nullopt;\n",
           "  for (std::int64_t size : sizes)\n    count *= size;\n", "sizes whose product overflows", [("runtime-tests", "Npy*")]),
]
