"""The figures of the last runs, as JSON beside the benchmarks: what README quotes."""

from __future__ import annotations

import json
import os
import platform
from pathlib import Path
from typing import Any

from toymodel.storage.tensor_file import write_atomically

FILE = Path(__file__).parent / "last.json"


def record(name: str, figures: dict[str, Any]) -> None:
    """Keep the figures of one benchmark, in the place of those of its run before."""
    known = json.loads(FILE.read_text()) if FILE.exists() else {}
    machine = {"cores": os.cpu_count(), "python": platform.python_version()}
    known[name] = {"machine": machine, **figures}
    write_atomically(FILE, (json.dumps(known, indent=1, sort_keys=True) + "\n").encode())
