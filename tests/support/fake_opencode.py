"""A program that answers as `opencode debug config` does, writes down how it was called, and takes no time."""

from __future__ import annotations

from pathlib import Path

SCRIPT = """\
#!/bin/sh
echo "$*" >> "{log}"
if [ "$1" = --version ]; then echo "{version}"; exit 0; fi
env > "{log}.env"
pwd > "{log}.cwd"
find "$HOME" -type f > "{log}.files"
stat -c %a "$HOME" "$HOME/.." > "{log}.modes" 2>/dev/null
rm -rf "{log}.home"; cp -r "$HOME" "{log}.home"
{before}
bad=$(grep -rl 'BROKEN' "$HOME/.config/opencode" | sort {order} | head -n 1)
[ -z "$bad" ] && {{ echo '{{'; echo '}}'; exit 0; }}
what=$(grep -o 'BROKEN[a-z0-9]*' "$bad" | head -n 1)
printf '\\033[91mError: \\033[0mConfiguration is invalid at %s\\n↳ Expected "all", got "%s" mode\\n' "$bad" "$what" >&2
exit 1
"""


class FakeOpenCode:
    """A file with `BROKEN` in it is refused; of several the first by name, or with `order` "-r" the last."""

    def __init__(self, folder: Path, version: str = "1.18.33", before: str = "", order: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path, self._log = folder / "opencode", folder / "log"
        self.path.write_text(SCRIPT.format(log=self._log, version=version, before=before, order=order))
        self.path.chmod(0o755)

    @property
    def calls(self) -> list[str]:
        return self._log.read_text().splitlines() if self._log.exists() else []

    @property
    def asked(self) -> int:
        return self.calls.count("debug config")

    def noted(self, what: str) -> str:
        """`env`, `cwd`, `files` or `modes` of the last question."""
        return Path(f"{self._log}.{what}").read_text()

    def shown(self, path: str) -> str:
        """A file of the last copy."""
        return Path(f"{self._log}.home", path).read_text()
