"""Loads a plugin in a base: a component with Python and the SDK, but without a plugin's file.

To build a plugin from a base, the build calls ``services`` once, with the plugin author's files
mounted. The build then takes a snapshot of the memory. Only a base imports this module.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from . import load, wit

# Replace the bindings' request types now: the bindings look them up after this import.
wit.connect()

OWN = "/1"
"""The folder that contains this package."""

FOLDER, PACKAGES = "/2", "/3"
"""The folder with the plugin author's file, and the folder of the installed packages. The second
folder may be missing."""


class Handler:
    """The class that the bindings instantiate. ``services`` replaces both methods with the
    plugin's methods."""

    def services(self) -> list[Any]:
        """Loads the plugin that the environment variables name."""
        file, shown = os.environ.pop("HOSTEL_FILE"), os.environ.pop("HOSTEL_SHOWN")
        packages = PACKAGES if os.path.isdir(PACKAGES) else None
        after = sys.path.index(OWN) + 1
        # Replace the entry of the empty `site-packages` that the base's build left in `sys.path`.
        sys.path[after : after + 1] = [FOLDER, PACKAGES] if packages else [FOLDER]
        # Clear Python's cached folder listings, which are from the base's build. Do not call
        # `importlib.invalidate_caches`, which would import more modules.
        sys.path_importer_cache.clear()
        try:
            plugin: Any = load.plugin(FOLDER, file, shown, packages)
        except SystemExit:
            # The reason has been printed. Exit at once, because the bindings would print details
            # that do not help the plugin author.
            os._exit(1)
        sys.stdout.flush()
        Handler.services, Handler.handle = plugin.services, plugin.handle  # type: ignore[method-assign]
        return []

    def handle(self, request: Any) -> Any:
        """Never called: a base has no services."""
        raise NotImplementedError
