# PTX of kernels, in any order: exit code 1 where one touches global memory before it has waited for the launch before it, or none
# waits. For each that lets the next begin, when it has waited and touched nothing, one waits when it has touched all.
function finish() { beside += early; bad += early && late; early = late = touches = waited = 0 }
/\.entry/ { finish() }
/(ld|st|atom|red)\.[a-z.]*global|cp\.async/ { touches = 1; late = waited }
/griddepcontrol\.wait/ { ++waits; waited = 1; early = touches }
/griddepcontrol\.launch_dependents/ { ++leads; bad += touches || !waited }
END { finish(); exit bad > 0 || !waits || beside != leads }
