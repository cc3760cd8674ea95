"""Every error of the sources has a section in docs/errors and a test: errors_documented.py ROOT."""
import os
import re
import sys

root = sys.argv[1]
# Faults of libraries below us, which no input is known to provoke.
UNPROVOKED = {"SC9002"}
CODE = re.compile(r"SC[1-9][0-9]{3}")


def files(folder, endings):
    for path, _, names in os.walk(os.path.join(root, folder)):
        for name in names:
            if name.endswith(endings):
                yield os.path.join(path, name)


def codes_in(folders, endings, pattern=CODE):
    found = {}
    for folder in folders:
        for path in files(folder, endings):
            with open(path, encoding="utf-8") as stream:
                for match in pattern.finditer(stream.read()):
                    found.setdefault(match.group(match.lastindex or 0), os.path.relpath(path, root))
    return found


# A code in quotes is one that is given; in comments they are only mentioned.
given = codes_in(["compiler", "dialects", "runtime", "tools"], (".cpp", ".h", ".td"),
                 re.compile(r'"\[?(SC[1-9][0-9]{3})\b'))
sections = codes_in(["docs/errors"], (".md",), re.compile(r"^## (SC[1-9][0-9]{3}) \S", re.MULTILINE))
tested = set(codes_in(["tests"], (".cpp", ".test", ".mlir", ".py", ".h")))

faults = [f"{code} ({place}) has no section in docs/errors" for code, place in given.items()
          if code not in sections]
faults += [f"{code} ({place}) is mentioned in no test" for code, place in given.items()
           if code not in tested | UNPROVOKED]
faults += [f"{code} ({place}) is described, but no source gives it"
           for code, place in sections.items() if code not in given]
for fault in sorted(faults):
    print(fault)
print(f"{len(given)} errors, {len(faults)} faults")
sys.exit(1 if faults or not given else 0)
