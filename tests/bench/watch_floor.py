"""Puts one file back whenever it changes, durably: watchfiles with the loop's own debounce and step, no more."""

import os
import sys
import threading

from watchfiles._rust_notify import RustNotify

path, debounce, step = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
folder = os.path.dirname(path)
with open(path, "rb") as file:
    content = file.read()
stop = threading.Event()
with RustNotify([folder], False, False, 1000, False, True) as watcher:
    print("ready", flush=True)
    while True:
        watcher.watch(debounce, step, 1000, stop)
        with open(path, "rb") as file:
            if file.read() == content:
                continue
        with open(f"{path}.tmp", "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(f"{path}.tmp", path)
        place = os.open(folder, os.O_RDONLY)
        os.fsync(place)
        os.close(place)
