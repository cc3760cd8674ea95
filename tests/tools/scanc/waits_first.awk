# PTX of kernels: exit code 1 where one touches global memory before it has waited for the launch before it, or none waits.
# One that lets the next begin has waited before; the next then waits when it has touched all.
/\.entry/ { bad += beside && !waited; beside = leads; leads = touches = waited = 0 }
/(ld|st|atom|red)\.[a-z.]*global|cp\.async/ { touches = 1; bad += beside && waited }
/griddepcontrol\.wait/ { ++waits; waited = 1; bad += touches && !beside }
/griddepcontrol\.launch_dependents/ { leads = 1; bad += touches || !waited }
END { exit bad > 0 || !waits || (beside && !waited) }
