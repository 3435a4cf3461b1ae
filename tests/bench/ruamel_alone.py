"""`python ruamel_alone.py FOLDER`: ruamel.yaml reads the front matter of every Markdown file below it."""

import sys
from pathlib import Path

from ruamel.yaml import YAML

parser = YAML()
for path in Path(sys.argv[1]).rglob("*.md"):
    text = path.read_text()
    parser.load(text[4 : text.index("\n---", 4) + 1])
