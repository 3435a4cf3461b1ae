"""`python -I -S floors.py compare|write FROM TO`: the least that any Python program must do. `write` writes."""

import os
import sys


def files(top: str) -> list[str]:
    """Every file below a folder, by its path there."""
    found, todo = [], [""]
    while todo:
        prefix = todo.pop()
        with os.scandir(f"{top}/{prefix}") as entries:
            for entry in entries:
                (todo if entry.is_dir() else found).append(prefix + entry.name + "/" * entry.is_dir())
    return found


def read(path: str) -> bytes:
    fd = os.open(path, os.O_RDONLY)
    try:
        return os.read(fd, 1 << 16)
    finally:
        os.close(fd)


def compare(one: str, other: str) -> None:
    """Reads both trees, and counts the files that differ."""
    print(sum(read(f"{one}/{path}") != read(f"{other}/{path}") for path in files(one)))


def write(one: str, other: str) -> None:
    """Writes each file beside its name, makes it durable, renames it; each folder is made durable once."""
    folders = set()
    for path in files(one):
        at = f"{other}/{path}"
        os.makedirs(os.path.dirname(at), exist_ok=True)
        folders.add(os.path.dirname(at))
        fd = os.open(f"{at}.new", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        os.write(fd, read(f"{one}/{path}"))
        os.fsync(fd)
        os.close(fd)
        os.rename(f"{at}.new", at)
    for folder in folders:
        fd = os.open(folder, os.O_RDONLY)
        os.fsync(fd)
        os.close(fd)


{"compare": compare, "write": write}[sys.argv[1]](sys.argv[2], sys.argv[3])
