"""Imports the author's file when a plugin is built. The build then takes a memory snapshot.

A component has no file system, so everything that a request needs must be in memory: this module
imports the modules that the author's code and its packages import, even in functions, and copies
the data files.
"""

from __future__ import annotations

import ast
import gc
import importlib
import importlib.util
import linecache
import os
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, NoReturn

from . import advice, carried, files, fresh, host, network, reads, tracebacks, warm, wit
from .log import logger
from .service import DeclarationError, declared

MARK = "hostel: the author's own: "
"""A marker in the output of the build. The text after the marker is for the author; the first line
of that text is the reason."""

# Modules that standard library modules import at their first use.
_COMPANIONS = {
    "datetime": ["_strptime"],
    "time": ["_strptime"],
    "urllib.parse": ["unicodedata"],
    "zoneinfo": ["importlib.resources"],
    "importlib.resources": ["importlib.readers", "importlib.resources._adapters"],
}
_CODECS = (
    "ascii base64_codec cp1252 cp437 hex_codec idna iso8859_1 iso8859_15 latin_1 punycode "
    "raw_unicode_escape unicode_escape utf_16 utf_16_be utf_16_le utf_32 utf_32_be utf_32_le utf_7 "
    "utf_8_sig"
).split()


def plugin(folder: str, file: str, shown: str, packages: str | None = None) -> type:
    """Imports the author's file and returns the class that the bindings instantiate.

    ``folder`` contains the file; messages show the folder as ``shown``. ``packages`` is the folder
    of the installed packages. An error in the author's code ends the build with a message that
    contains the file and the line.
    """
    tracebacks.show(folder, shown)
    # Python resolves relative paths from this folder, now and during requests.
    os.chdir(folder)
    advice.has_packages = packages is not None
    if packages:
        tracebacks.show(packages, "site-packages")
    for hidden in ("/0/", "/bundled/", "/world/", "/python/asyncio/"):
        tracebacks.hide(hidden)
    folders = [folder, packages] if packages else [folder]
    wit.connect()
    host.connect(dict.fromkeys(host.CALLS, _too_early("cache")))
    host.connect(dict.fromkeys(host.HTTP_CALLS, _too_early("http")))
    host.connect(dict.fromkeys(host.CONFIG_CALLS, _too_early("config")))
    host.log = lambda level, message: print(f"{level}: {message}", file=sys.stderr)
    network.refuse()
    if _is_async(folder + "/" + file):
        _install_loop()
    try:
        with fresh.watch(folder), reads.recorded(folders):
            module = _import_file(folder, file)
            _import_the_rest(folders)
            if "asyncio" in sys.modules or any(map(_is_async, _files(folder))):
                _install_loop()
            carries = carried.collect(folder, packages, _files(folder))
            _import_companions()
        services = declared(_own(module, folder))
        if not services:
            raise DeclarationError(
                f"{tracebacks.path(folder + '/' + file)}:1: the file has no service: decorate a "
                "function with @service of hostel_sdk, or subclass Service"
            )
    except BaseException as error:
        _give_up(error, folder)
    _keep_sources(folders)
    _connect_logging()
    # At run time, messages show only the path within the folder, not the folder's path at build
    # time.
    tracebacks.show(folder, "")
    handler = wit.exported(services, fresh.rest(folders))
    if carries:
        files.install(folders)
    warm.up()
    # Exclude all current objects from garbage collection: a collection would write to their memory,
    # and each instance would copy all these pages.
    gc.collect()
    gc.freeze()
    return handler


def _files(folder: str) -> list[str]:
    """Returns the files of the modules that were loaded from a folder."""
    files = map(_file, list(sys.modules.values()))
    return [file for file in files if file.startswith(folder + "/")]


def _is_async(file: str) -> bool:
    """Returns true if a file may have ``async`` code."""
    with open(file, "rb") as source:
        return b"async" in source.read()


def _install_loop() -> None:
    from . import loop

    loop.install()


def _too_early(what: str) -> Callable[..., NoReturn]:
    def refuse(*_: object) -> NoReturn:
        raise RuntimeError(
            f"{what} is not available while the plugin is built: call it in a function that runs "
            "for a request"
        )

    return refuse


def _import_file(folder: str, file: str) -> ModuleType:
    name = os.path.splitext(os.path.basename(file))[0].replace("-", "_")
    # Do not replace an existing module of the same name.
    if name in sys.modules or name in sys.stdlib_module_names or name in ("zato", "hostel_sdk"):
        name += "_service"
    spec = importlib.util.spec_from_file_location(name, os.path.join(folder, file))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _own(module: ModuleType, folder: str) -> list[object]:
    """Returns the values in ``module`` whose ``__module__`` has a file in the author's folder."""
    here = {name for name, each in sys.modules.items() if _file(each).startswith(folder + "/")}
    return [value for value in vars(module).values() if getattr(value, "__module__", None) in here]


def _file(module: ModuleType) -> str:
    return getattr(module, "__file__", None) or ""


def _import_the_rest(folders: list[str]) -> None:
    """Imports the codecs in ``_CODECS`` and the modules that functions import, because the files of
    Python's library and the author's modules are missing later. Ignores modules that cannot be
    imported: the functions may handle the error."""
    for codec in _CODECS:
        importlib.import_module(f"encodings.{codec}")
    seen: set[str] = set()
    while True:
        waiting = [
            (name, module)
            for name, module in list(sys.modules.items())
            if name not in seen and _file(module).startswith(tuple(f + "/" for f in folders))
        ]
        if not waiting:
            break
        for name, module in waiting:
            seen.add(name)
            for wanted in _imports(module):
                _try_import(wanted)


def _import_companions() -> None:
    for name, companions in _COMPANIONS.items():
        if name in sys.modules:
            for companion in companions:
                _try_import(companion)


def _imports(module: ModuleType) -> list[str]:
    """Returns the names that may be modules in all import statements of a module's source, at any
    level."""
    try:
        with open(_file(module), "rb") as source:
            tree = ast.parse(source.read())
    except (OSError, SyntaxError, ValueError):
        return []
    package = module.__package__ or ""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            try:
                base = importlib.util.resolve_name(base, package) if node.level else base
            except ImportError:
                continue
            # Each name after `import` may be a submodule.
            found += [base] + [f"{base}.{alias.name}" for alias in node.names]
    return found


def _try_import(name: str) -> None:
    parent, _, last = name.rpartition(".")
    if name in sys.modules or (parent and hasattr(sys.modules.get(parent), last)):
        return
    try:
        importlib.import_module(name)
    except BaseException:  # Not a module, or its import will fail again when the code runs.
        pass


def _keep_sources(folders: list[str]) -> None:
    """Caches the source lines of the imported files below ``folders``, for tracebacks."""
    for module in list(sys.modules.values()):
        file = _file(module)
        if file.startswith(tuple(folder + "/" for folder in folders)):
            lines = linecache.getlines(file)
            # Without a modification time, `linecache` does not check that the file exists.
            linecache.cache[file] = (sum(map(len, lines)), None, lines, file)


def _connect_logging() -> None:
    """Connects Python's ``logging`` to the host's log, if ``logging`` is imported and has no root
    handler."""
    logging = sys.modules.get("logging")
    if not logging or logging.root.handlers:
        return

    class HostHandler(logging.Handler):  # type: ignore[name-defined,misc]
        def emit(self, record: Any) -> None:
            error = record.exc_info and record.exc_info[1]
            logger.log(record.levelno, record.getMessage(), exc_info=error)

    logging.root.addHandler(HostHandler())
    logging.root.setLevel(logging.INFO)


def _give_up(error: BaseException, folder: str) -> NoReturn:
    """Prints the error with the author's file and line, and ends the build."""
    place = tracebacks.place(error, folder)
    native = _native_import(error)
    advice.add(error)
    why = str(error) if isinstance(error, DeclarationError) else tracebacks.last_line(error)
    why = native or why
    if place is not None and not isinstance(error, DeclarationError):
        why = f"{place[0]}:{place[1]}: {why}"
    trace = [] if isinstance(error, DeclarationError) else tracebacks.lines(error)
    print("\n" + "\n".join([MARK + why.replace("\n", " "), *trace]), file=sys.stderr, flush=True)
    sys.exit(1)


def _missing(error: BaseException) -> list[str]:
    """Returns the modules that could not be imported, and the packages that tried to import them,
    according to the error and its causes. A name may be empty."""
    names = []
    seen: list[BaseException] = []
    each: BaseException | None = error
    while each is not None and each not in seen:
        seen.append(each)
        if isinstance(each, ImportError):
            names += [each.name or "", _importing(each)]
        each = each.__cause__ or each.__context__
    return names


def _importing(error: ImportError) -> str:
    """Returns the package whose module failed to import another module. The package is needed
    because an error about a native library does not contain the library's name."""
    walk = error.__traceback__
    while walk is not None and walk.tb_next is not None:
        walk = walk.tb_next
    return walk.tb_frame.f_globals.get("__package__") or "" if walk is not None else ""


def _native_import(error: BaseException) -> str | None:
    """Returns the reason if an import failed because a package contains native code, and ``None``
    otherwise."""
    for name in _missing(error):
        package = name.split(".")[0]
        file = _native(package) if package else None
        if file:
            return (
                f"{package} contains native code ({file}), which does not run in WebAssembly: "
                "use a package of pure Python"
            )
    return None


def _native(package: str) -> str | None:
    """Returns a native-code file of a package on the import path, or ``None`` if the package has no
    such file."""
    endings = (".so", ".pyd", ".dylib")
    for place in sys.path:
        if place.startswith("/python"):
            continue
        for folder, _, files in os.walk(os.path.join(place, package)):
            found = [os.path.join(folder, file) for file in files if file.endswith(endings)]
            if found:
                return os.path.relpath(found[0], place)
        if os.path.isdir(place):
            for file in os.listdir(place):
                if file.startswith(package + ".") and file.endswith(endings):
                    return file
    return None
