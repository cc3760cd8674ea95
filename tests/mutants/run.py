#!/usr/bin/env python3
"""Plants one bug at a time; the tests that should see it must fail.

Usage: run.py BUILD [NAME…]

A bug of the device library is planted in a copy of templates/, which tests in the emulation read in place of the one
that they were built with (SCANC_PLANTED_TEMPLATES). One of the compiler or the runtime is planted in a copy of the
sources, BUILD/mutants, and built there. With NAMEs only mutants are planted of whose file or fault they are a part.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

from mutants import LIBRARY, MUTANTS

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(sys.argv[1]).resolve()
HOME = BUILD / "mutants"
SECONDS = 300  # of a test; a hang is a fault that is seen


def lit_of(build):
    return re.search(r"SCANC_LIT:\w+=(.*)", (build / "CMakeCache.txt").read_text()).group(1)


def run(test, build, **environment):
    """The name of the first test that fails, or nothing."""
    binary, chosen = test
    if binary == "lit":
        command = [lit_of(build), "-sv", str(build / "tests" / "lit"), "--filter", chosen]
    else:
        command = [str(build / "bin" / binary), f"--gtest_filter={chosen}", "--gtest_fail_fast"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=SECONDS, cwd=HOME,
                              env={**os.environ, "SCANC_CACHE_DIR": "off", **environment})
    except subprocess.TimeoutExpired:
        return f"{binary} {chosen}: no end in {SECONDS} s"
    found = re.search(r"^ +(scanc :: \S+)" if binary == "lit" else r"^\[ +FAILED +\] (\S+?),?(?: |$)", done.stdout, re.M)
    if done.returncode == 0:
        ran = re.search(r"(\d+) tests? from", done.stdout) or re.search(r"Passed +: +(\d+)", done.stdout)
        if not ran or ran.group(1) == "0":
            sys.exit(f"{binary}: no test is called {chosen}")
        return None
    return found.group(1) if found else f"{binary} {chosen}"


def copy_of_sources():
    """A copy of the sources that is built already, so that a bug costs the files that it is in."""
    source = HOME / "source"
    build = source / "build"  # where it lies in a checkout, so that ccache knows the paths
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files"], capture_output=True, text=True, check=True).stdout
    for name in listed.splitlines():
        if not (ROOT / name).is_file():
            continue
        to = source / name
        if to.exists() and to.read_bytes() == (ROOT / name).read_bytes():
            continue
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, to)
    if not (build / "build.ninja").exists():
        subprocess.run(["cmake", "-G", "Ninja", "-S", source, "-B", build, "-DCMAKE_BUILD_TYPE=Release"],
                       check=True, stdout=subprocess.DEVNULL)
    return source, build


def make(build, tests):
    wanted = {"scanc" if binary == "lit" else binary for binary, _ in tests}
    wanted |= {"scanc-opt"} if "scanc" in wanted else set()
    return subprocess.run(["cmake", "--build", build, "--target", *sorted(wanted)], capture_output=True, text=True,
                          env={**os.environ, "CCACHE_BASEDIR": str(HOME / "source"), "CCACHE_NOHASHDIR": "1"})


def plant(path, mutant):
    """The text as it was."""
    text = path.read_text()
    if text.count(mutant.search) != 1:
        sys.exit(f"{mutant.file}: expected the text once, found it {text.count(mutant.search)} times:\n{mutant.search}")
    path.write_text(text.replace(mutant.search, mutant.replacement))
    return text


def seen_in_library(mutant):
    templates = HOME / "templates"
    shutil.copytree(ROOT / "templates", templates, dirs_exist_ok=True)
    path = HOME / mutant.file
    text = plant(path, mutant)
    try:
        return first_failure(mutant.tests, BUILD, SCANC_PLANTED_TEMPLATES=str(templates))
    finally:
        path.write_text(text)


def seen_in_sources(mutant):
    source, build = copy_of_sources()
    path = source / mutant.file
    text = plant(path, mutant)
    try:
        built = make(build, mutant.tests)
        if built.returncode != 0:
            sys.exit(f"{mutant.fault}: does not compile:\n{built.stdout[-2000:]}{built.stderr[-2000:]}")
        return first_failure(mutant.tests, build)
    finally:
        path.write_text(text)


def first_failure(tests, build, **environment):
    return next((found for test in tests if (found := run(test, build, **environment))), None)


def check_healthy(mutants):
    """Tests that fail without a bug would catch anything."""
    templates = HOME / "templates"
    shutil.rmtree(templates, ignore_errors=True)
    shutil.copytree(ROOT / "templates", templates)
    for test in dict.fromkeys(test for mutant in mutants for test in mutant.tests):
        if found := run(test, BUILD, SCANC_PLANTED_TEMPLATES=str(templates)):
            sys.exit(f"fails without a bug: {found}")


def main():
    names = sys.argv[2:]
    chosen = [m for m in MUTANTS if not names or any(name in m.file or name in m.fault for name in names)]
    HOME.mkdir(exist_ok=True)
    check_healthy(chosen)
    caught = 0
    for mutant in chosen:
        seen = seen_in_library(mutant) if mutant.file.startswith(LIBRARY) else seen_in_sources(mutant)
        caught += seen is not None
        print(f"{'caught' if seen else 'MISSED'}: {mutant.fault} ({mutant.file}): {seen or 'by nothing'}", flush=True)
    print(f"{len(chosen)} planted, {caught} caught")
    return 0 if caught == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
