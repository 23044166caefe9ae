"""Write the sample class into a folder: ``python tests/students/build.py OUT``.

The folder is emptied first.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from tests.students.samples import samples


def build(out: Path) -> None:
    """Write every sample below ``out``, which is emptied first."""
    shutil.rmtree(out, ignore_errors=True)
    for sample in samples():
        for name, content in sample.files.items():
            path = out / name
            if name.endswith("/"):
                path.mkdir(parents=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
