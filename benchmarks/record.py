"""The results of the last runs, as JSON beside the benchmarks. The documentation quotes them."""

from __future__ import annotations

import json
import os
import platform
from pathlib import Path
from typing import Any

from toymodel.storage.tensor_file import write_atomically

FILE = Path(__file__).parent / "last.json"


def record(name: str, figures: dict[str, Any]) -> None:
    """Store the results of one benchmark in place of those of its last run."""
    known = json.loads(FILE.read_text()) if FILE.exists() else {}
    machine = {"cores": os.cpu_count(), "python": platform.python_version()}
    known[name] = {"machine": machine, **figures}
    write_atomically(FILE, (json.dumps(known, indent=1, sort_keys=True) + "\n").encode())
