"""What an AI writes, for the browser to show: paragraphs, lists, tables and code, token by token."""

import re
from itertools import count

PARAGRAPH = """## Step {n}: read what came

An index of **{n} rows** is small, yet the *order* in which they are read decides how long a page takes;
`read_rows()` asks for them in one go, and [the manual](https://example.org/manual/{n}) says why. What is
asked for twice is kept, what is asked for once is not, and nothing longer than the page that shows it.

"""
LIST = """What it takes:

1. Open the file and look at its **first line**.
2. Count what is there:
   - rows with a date, such as `2026-01-{n:02}`
   - rows without one
3. Close it again, also where reading failed.

"""
TABLE = """| month | rent | loan | difference |
|:------|-----:|-----:|-----------:|
| 1 | 1,{n:03} | 1,250 | 240 |
| 2 | 1,{n:03} | 1,244 | 246 |
| 3 | 1,{n:03} | 1,238 | 252 |
| 4 | 1,{n:03} | 1,232 | 258 |

"""
CODE = """```python
def read_rows_{n}(path: Path, *, limit: int = {n}00) -> list[Row]:
    \"\"\"The rows of a file, the oldest first; raises `ValueError` where a line is none.\"\"\"
    rows = []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip() or line.startswith("#"):
                continue  # a note, or nothing
            rows.append(Row.parse(line, number=number))
            if len(rows) >= limit:
                break
    return sorted(rows, key=lambda row: (row.date, row.number))
```

"""
PARTS = (PARAGRAPH, CODE, LIST, PARAGRAPH, TABLE)
TOKEN = re.compile(r"\s*\w{1,6}|\s+|[^\w\s]{1,3}")
"""About four characters, as vendors' tokens have."""


def tokens(wanted: int) -> list[str]:
    """So many tokens of an answer that goes on for as long as is needed."""
    found: list[str] = []
    for number in count():
        found += TOKEN.findall(PARTS[number % len(PARTS)].format(n=number % 28 + 1))
        if len(found) >= wanted:
            return found[:wanted]
    raise AssertionError("count() has no end")


def text(wanted: int) -> str:
    """The same as one text."""
    return "".join(tokens(wanted))
