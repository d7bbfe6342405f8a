"""Builds a component from the plugin author's file, or a base for quick builds. `hostel build` runs
this script with the Python that is installed on the machine.

A quick build starts from a prepared base and takes a second. Any other build runs componentize-py
and takes ten seconds. Errors are printed on stderr, with the reason alone on the last line.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

from hostel_sdk import check, uses

HERE = os.path.dirname(os.path.abspath(__file__))

# The main module of the component. componentize-py mounts the `--python-path` folders as `/0`, `/1`
# and so on, in the given order.
APP = """
import sys
sys.dont_write_bytecode = True
from hostel_sdk.load import plugin
Handler = plugin("/2", {file!r}, {shown!r}, {packages!r})
"""


# The main module of a base. It copies the files of the folders in `BROUGHT` to `/0`, the folder of
# this module. A build from the base mounts the copies.
BASE = """
import os, sys
sys.dont_write_bytecode = True
for top in {folders!r}:
    for folder, _, files in os.walk(top):
        os.mkdir("/0" + folder)
        for file in files:
            with open(folder + "/" + file, "rb", 0) as read, open("/0" + folder + "/" + file, "wb", 0) as made:
                while part := read.read(1 << 16):
                    made.write(part)
from hostel_sdk.base import Handler
"""

# The folders that componentize-py adds, as seen inside a component.
BROUGHT = ["/python", "/bundled", "/world"]


def main() -> int:
    """Builds a plugin, or a base if the command line has no source. Returns the exit code: 1 if the
    build fails, otherwise 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tool", required=True, help="the folder with componentize-py")
    parser.add_argument("--wit", required=True, help="the folder with the WIT")
    parser.add_argument("--packages", help="the folder with the packages of the environment")
    parser.add_argument("--inputs", help="the file for the list of the files that were read")
    parser.add_argument("--output", required=True, help="the component to write")
    parser.add_argument("--base", help="the folder with the base of a quick build")
    parser.add_argument("--program", help="the program that makes a component from the base")
    parser.add_argument("source", nargs="?", help="the file with the services; none for a base")
    arguments = parser.parse_args()
    if not arguments.source:
        return build_base(arguments)
    found = check.wrong(arguments.source, arguments.packages)
    if found is not None:
        print(found, file=sys.stderr)
        return 1
    folder, file = os.path.split(arguments.source)
    places = [folder or "."] + [arguments.packages] * bool(arguments.packages)
    with tempfile.TemporaryDirectory(prefix="hostel-python-") as made:
        if arguments.base and not needs_the_tool(places):
            code = build_on_base(arguments, made, places)
            if code is not None:
                return code
        app = APP.format(file=file, shown=folder, packages="/3" if arguments.packages else None)
        arguments.wit = world_of(arguments, made)
        return build(arguments, made, app, places, "plugin")


def world_of(arguments: argparse.Namespace, made: str) -> str:
    """Creates a folder with the WIT files and the world `plugin`, and returns its path. The world
    imports the interfaces that every service needs and the optional ones that the plugin uses."""
    wit = os.path.join(made, "wit")
    shutil.copytree(arguments.wit, wit)
    with open(os.path.join(wit, "world.wit"), encoding="utf-8") as worlds:
        # The import lines, with versions, of the world that has all interfaces.
        found = re.findall(r"import (hostel:\w+/(\w+)@[\d.]+;)", worlds.read())
        imports = {name: line for line, name in found}
    used = uses.interfaces(arguments.source, arguments.packages)
    lines = "".join(f"    import {imports[each]}\n" for each in used)
    with open(os.path.join(wit, "plugin.wit"), "w", encoding="utf-8") as world:
        world.write(f"world plugin {{\n    include service;\n{lines}}}\n")
    return wit


def build_base(arguments: argparse.Namespace) -> int:
    """Builds a base: the component, and the files that the component reads when a plugin is built
    from the base. The base has all interfaces, because every plugin uses the same base."""
    made = arguments.output
    app = BASE.format(folders=BROUGHT)
    arguments.output = os.path.join(made, "base.wasm")
    return build(arguments, made, app, [], "full-service")


def build_on_base(arguments: argparse.Namespace, made: str, places: list[str]) -> int | None:
    """Builds a plugin from a base. Returns the exit code, or ``None`` if the snapshot program exits
    unexpectedly: the caller then builds with componentize-py."""
    reads = os.path.join(made, "0")
    os.mkdir(reads)
    command = [arguments.program, "take-snapshot", os.path.join(arguments.base, "base.wasm")]
    command += [arguments.output, "writable", "/0", reads]
    for name in BROUGHT:
        command += ["folder", name, os.path.join(arguments.base, "app" + name)]
    command += ["folder", "/1", os.path.join(arguments.base, "sdk")]
    for name, place in zip(["/2", "/3"], places):
        command += ["writable", name, place]
    folder, file = os.path.split(arguments.source)
    command += ["variable", "HOSTEL_FILE", file, "variable", "HOSTEL_SHOWN", folder]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True)
    if ended.returncode not in (0, DOES_NOT_BUILD):
        return None
    keep_reads(reads, arguments)
    if ended.returncode == DOES_NOT_BUILD:
        report((ended.stdout + ended.stderr).decode("utf-8", "replace"))
        return 1
    return 0


def needs_the_tool(places: list[str]) -> bool:
    """Returns true if only componentize-py can build the plugin: the folders contain native modules
    for WebAssembly, or packages with their own WIT interface."""
    for place in places:
        for _, _, files in os.walk(place):
            if any(f.endswith(CODE_FOR_WASM) or f == "componentize-py.toml" for f in files):
                return True
    return False


CODE_FOR_WASM = "-wasm32-wasi.so"

DOES_NOT_BUILD = 3
"""The exit code of the snapshot program after an error in the plugin. Its output then contains the
reason for the author."""


def keep_reads(folder: str, arguments: argparse.Namespace) -> None:
    """Copies the list of the files that the build read, if the list exists. The option ``--inputs``
    is the path of the copy; without it nothing is copied."""
    reads = os.path.join(folder, "reads")
    if arguments.inputs and os.path.exists(reads):
        shutil.copyfile(reads, arguments.inputs)


def build(
    arguments: argparse.Namespace, made: str, text: str, places: list[str], world: str
) -> int:
    """Builds with componentize-py. Writes ``text``, as the main module, into the folder ``made``,
    and copies the SDK there."""
    app = os.path.join(made, "app")
    os.mkdir(app)
    with open(os.path.join(app, "hostel_app.py"), "w", encoding="utf-8") as written:
        written.write(text)
    # An empty virtual environment, so that only the given packages are visible.
    os.makedirs(os.path.join(made, "none", "lib", "site-packages"))
    os.environ["VIRTUAL_ENV"] = os.path.join(made, "none")
    sdk = os.path.join(made, "sdk")
    # Copy only the packages: other files in their folder could shadow the author's files.
    for package in ("hostel_sdk", "zato"):
        shutil.copytree(os.path.join(HERE, package), os.path.join(sdk, package))
    sys.path.insert(0, arguments.tool)
    sys.argv = ["componentize-py", "--quiet", "--wit-path", arguments.wit, "--world", world]
    sys.argv += ["componentize", "hostel_app", "--output", arguments.output]
    for place in [app, sdk, *map(os.path.abspath, places)]:
        sys.argv += ["--python-path", place]
    import componentize_py  # type: ignore[import-not-found]

    try:
        componentize_py.script()
    except AssertionError as error:
        report(str(error))
        return 1
    finally:
        keep_reads(app, arguments)
    return 0


MARK = "hostel: the author's own: "


def report(words: str) -> None:
    """Prints the part of a build's output that helps the author, with the reason last."""
    before, mark, own = words.partition(MARK)
    if mark:
        why, _, own = own.partition("\n")
        own = own.partition("\n\nCaused by:")[0]
    else:
        own = before.partition("\n\nStack backtrace:")[0]
        before, why = "", own.strip().split("\n")[-1].strip()
    for part in (before, own):
        if part.strip():
            print(part.strip("\n"), file=sys.stderr)
    print(why, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
