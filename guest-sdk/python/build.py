"""Builds a plugin's component from its file; run by `hostel build`, with the Python of the machine.

What goes wrong is told on stderr, and the reason alone on the last line.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile

from hostel_sdk import check

HERE = os.path.dirname(os.path.abspath(__file__))

# The module that the component starts from. The folders that are handed over are `/0`, `/1`, ..
# within it, in their order.
APP = """
import sys
sys.dont_write_bytecode = True
from hostel_sdk.load import plugin
Handler = plugin("/2", {file!r}, {shown!r}, {packages!r})
"""


def main() -> int:
    """Builds what the command line names; exit code 1 when it does not build."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tool", required=True, help="the folder with componentize-py")
    parser.add_argument("--wit", required=True, help="the folder with the WIT")
    parser.add_argument("--packages", help="the folder with the packages of the environment")
    parser.add_argument("--inputs", required=True, help="the list to write of what was read")
    parser.add_argument("--output", required=True, help="the component to write")
    parser.add_argument("source", help="the file with the services")
    arguments = parser.parse_args()
    found = check.wrong(arguments.source, arguments.packages)
    if found is not None:
        print(found, file=sys.stderr)
        return 1
    sys.path.insert(0, arguments.tool)
    with tempfile.TemporaryDirectory(prefix="hostel-python-") as made:
        return build(arguments, made)


def build(arguments: argparse.Namespace, made: str) -> int:
    """Builds with a folder for what is made on the way."""
    folder, file = os.path.split(arguments.source)
    shown, packages = folder, arguments.packages
    app = os.path.join(made, "app")
    os.mkdir(app)
    text = APP.format(file=file, shown=shown, packages="/3" if packages else None)
    with open(os.path.join(app, "hostel_app.py"), "w", encoding="utf-8") as written:
        written.write(text)
    # An environment without packages, so that only those that were named are seen.
    os.makedirs(os.path.join(made, "none", "lib", "site-packages"))
    os.environ["VIRTUAL_ENV"] = os.path.join(made, "none")
    sdk = os.path.join(made, "sdk")
    # Nothing but its packages: what lies beside them would hide files of the author's.
    for package in ("hostel_sdk", "zato"):
        shutil.copytree(os.path.join(HERE, package), os.path.join(sdk, package))
    places = [app, sdk, os.path.abspath(folder or ".")] + ([packages] if packages else [])
    sys.argv = ["componentize-py", "--quiet", "--wit-path", arguments.wit, "--world", "service"]
    sys.argv += ["componentize", "hostel_app", "--output", arguments.output]
    for place in places:
        sys.argv += ["--python-path", place]
    import componentize_py  # type: ignore[import-not-found]

    try:
        componentize_py.script()
    except AssertionError as error:
        tell(str(error))
        return 1
    finally:
        inputs = os.path.join(app, "reads")
        if os.path.exists(inputs):
            shutil.copyfile(inputs, arguments.inputs)
    return 0


MARK = "hostel: the author's own: "


def tell(words: str) -> None:
    """Passes on what the author needs of the tool's words: the reason comes last."""
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
