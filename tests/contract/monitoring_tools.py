"""promtool and amtool."""

from pathlib import Path
import shutil


def promtool() -> Path:
    return Path(shutil.which("promtool") or "")
