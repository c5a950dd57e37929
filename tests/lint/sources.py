"""sources.py - what the lint scripts share: the files of the tree, and C read roughly

Functions are recognised by the layout that .clang-format gives: the opening brace of a function
stands alone in the first column, and so does the closing one.
"""
import os
import re
import subprocess


def tracked(*endings):
    """Every file of the project with one of the endings, sorted; builds and strays are left out."""
    try:
        out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], check=True,
                             capture_output=True, text=True).stdout.split("\n")
    except (OSError, subprocess.CalledProcessError):  # an unpacked release
        out = [os.path.relpath(os.path.join(d, f))
               for d, dirs, files in os.walk(".") for f in files
               if not re.match(r"\./(build|var|\.git)", d)]
    return sorted(f for f in set(out) if f.endswith(endings) and os.path.exists(f))


def code_without_comments(path):
    """The text with comments and the insides of strings blanked, line by line the same."""
    text = open(path, encoding="utf-8").read()

    def blank(match):
        found = match.group(0)
        if found[0] in "\"'":
            return found[0] + found[0]
        return re.sub(r"[^\n]", " ", found)

    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text,
                  flags=re.S)


class Function:
    """One function: its name, lines [first, last] (1-based, signature to brace), parameters."""

    def __init__(self, path, name, first, last, params):
        self.path, self.name, self.first, self.last = path, name, first, last
        self.params = params

    @property
    def lines(self):
        return self.last - self.first + 1


def functions(path):
    """The functions of a file, as the layout shows them."""
    lines = code_without_comments(path).split("\n")
    found = []
    for i, line in enumerate(lines):
        if line.rstrip() != "{":
            continue
        first = i
        while first > 0 and lines[first - 1].strip() and not lines[first - 1].rstrip().endswith(
                (";", "}")) and not lines[first - 1].startswith("#"):
            first -= 1
        head = " ".join(lines[first:i])
        match = re.search(r"(\w+)\s*\(", re.sub(r"__attribute__\s*\(\(.*?\)\)|ASSAY_PRINTF\([^)]*\)",
                                                "", head))
        if not match or re.match(r"\s*(static\s+|const\s+)*(struct|enum|union)\s+\w+\s*$", head):
            continue
        last = next((j for j in range(i, len(lines)) if lines[j].startswith("}")), i)
        found.append(Function(path, match.group(1), first + 1, last + 1, _count(head, match.end())))
    return found


def _count(head, start):
    depth, commas, text = 1, 0, ""
    for char in head[start:]:
        depth += (char == "(") - (char == ")")
        if depth == 0:
            break
        commas += char == "," and depth == 1
        text += char
    return 0 if text.strip() in ("", "void") else commas + 1
