"""What a base runs: a component with Python and this package, and no plugin's file in it yet.

The build makes a plugin of a base by calling `services` once, with the author's files in place, and
taking the state that Python is in then. Imported only there.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from . import load, wit

# The bindings remember the types that they find at the end of this import.
wit.connect()

OWN = "/1"
"""Where this package lies."""

FOLDER, PACKAGES = "/2", "/3"
"""Where the author's folder lies, and that of the packages, when there are some."""


class Handler:
    """The class that the bindings make instances of. At its first call it becomes the plugin's."""

    def services(self) -> list[Any]:
        """Loads the plugin that the environment tells of."""
        file, shown = os.environ.pop("HOSTEL_FILE"), os.environ.pop("HOSTEL_SHOWN")
        packages = PACKAGES if os.path.isdir(PACKAGES) else None
        after = sys.path.index(OWN) + 1
        # In place of an empty one, which the base was built with.
        sys.path[after : after + 1] = [FOLDER, PACKAGES] if packages else [FOLDER]
        # They name the files of the base's build. `importlib.invalidate_caches` would import more.
        sys.path_importer_cache.clear()
        try:
            plugin: Any = load.plugin(FOLDER, file, shown, packages)
        except SystemExit:
            # It is said why. Of what the bindings would add, nothing is for the author.
            os._exit(1)
        sys.stdout.flush()
        Handler.services, Handler.handle = plugin.services, plugin.handle  # type: ignore[method-assign]
        return []

    def handle(self, request: Any) -> Any:
        """Never called: until then there is no service."""
        raise NotImplementedError
