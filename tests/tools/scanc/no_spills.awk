# Reads `scanc --emit=stats`: a heading, then entry, variant, registers, stack, spill stores, spill loads.
NR > 1 { rows++ }
NR > 1 && ($4 != 0 || $5 != 0 || $6 != 0) { print "not in registers: " $0; bad = 1 }
END { exit bad || rows == 0 }
