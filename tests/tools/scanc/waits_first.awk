# PTX of kernels: exit code 1 where one touches global memory before it has waited for the launch before it, or none waits.
/\.entry/ { touches = 0 }
/(ld|st|atom|red)\.[a-z.]*global|cp\.async/ { touches = 1 }
/griddepcontrol\.wait/ { ++waits; bad += touches }
END { exit bad > 0 || !waits }
