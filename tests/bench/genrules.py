#!/usr/bin/env python3
"""genrules.py - writes YARA rules of the size and kind people really use

  genrules.py DIR [COUNT]

Same count, same rules. The proportions are those of a large public set: 37 % of the rules begin
with `uint16(0) == 0x5a4d`, 3 % with another signature, 1 % use pe in a branch of `or`; 5.6 strings
a rule; of the strings 8 % regular expressions, 15 % hex, the rest text, a fifth of it nocase or
wide. The words are made up: they match nothing, as most rules match nothing.
"""
import os
import random
import sys

SYLLABLES = ("ba be bo ca co cu da de di do fa fe fi ga go ha he hi in ka ko la le li lo ma me mi mo "
             "na ne ni no pa pe po ra re ri ro sa se si so ta te ti to un va ve vi wa xe ya zo").split()
PARTS = ("\\\\Windows\\\\", "\\\\Users\\\\", ".exe", ".dll", ".pdb", "http://", "/wp-", ".php?id=", "cmd /c ",
         "powershell -", "SELECT ", "%s\\\\%s", "Software\\\\", "Mozilla/4.0 (", "user_pref(", "POST /",
         "GetProc", "Virtual", "Create", "$_GET['", "eval(", "base64_", "function ", "<script ", "String.")
MAGICS = ("uint32(0) == 0x46445025", "uint16(0) == 0x4b50", "uint32(0) == 0xe011cfd0",
          "uint32be(0) == 0x7b5c7274", "uint32(0) == 0x464c457f", "uint16(0) == 0x004c")


def word(rng, low=3, high=6):
    text = "".join(rng.choice(SYLLABLES) for _ in range(rng.randint(low, high)))
    return text.capitalize() if rng.random() < 0.3 else text


def text_string(rng):
    text = word(rng, 4, 7)
    for _ in range(rng.randint(0, 2)):
        text += rng.choice(("", " ", "_", ".")) + rng.choice(PARTS) + word(rng, 1, 4)
    modifiers = rng.choices(("", " ascii", " fullword ascii", " wide", " ascii wide", " nocase"),
                            (20, 25, 35, 5, 8, 7))[0]
    return '"%s"%s' % (text.replace('"', '\\"'), modifiers)


def hex_string(rng):
    out = []
    for i in range(rng.randint(8, 40)):
        kind = rng.random() if 4 <= i else 0
        out.append("??" if kind > 0.93 else "[2-6]" if kind > 0.90 and i < 30 and out[-1] != "[2-6]"
                   else "%02X" % rng.randrange(256))
    while out[-1] in ("??", "[2-6]"):
        out.pop()
    return "{ " + " ".join(out) + " }"


def regex_string(rng):
    kind = rng.randrange(4)
    if kind == 0:
        return r"/%s[0-9a-f]{8,32}\.%s/" % (word(rng, 2, 3), word(rng, 2, 2))
    if kind == 1:
        return r"/https?:\/\/[a-z0-9.-]{4,40}\/%s\/[a-z]{2,8}\.php/ nocase" % word(rng, 2, 3)
    if kind == 2:
        return r"/(%s|%s|%s)\s*=\s*[\"'][^\"']{1,40}[\"']/" % tuple(word(rng, 4, 5) for _ in range(3))
    return r"/\$%s\s{0,4}\(\s{0,4}%s/" % (word(rng, 3, 4), word(rng, 3, 4))


def string(rng):
    kind = rng.random()
    return regex_string(rng) if kind < 0.08 else hex_string(rng) if kind < 0.23 else text_string(rng)


def condition(rng, count):
    some = rng.choice(("all of them", "any of them", "%d of them" % max(1, count // 2), "1 of ($s*)"))
    size = "filesize < %dKB" % rng.choice((20, 100, 500, 1000, 4000))
    kind = rng.random()
    if kind < 0.30:
        return "uint16(0) == 0x5a4d and %s and %s" % (size, some)
    if kind < 0.36:
        return '( uint16(0) == 0x5a4d and %s and ( pe.imphash() == "%032x" or %s ) )' % (
            size, rng.getrandbits(128), some)
    if kind < 0.372:
        return "uint16(0) == 0x5a4d and pe.number_of_sections == %d and %s" % (rng.randint(3, 9), some)
    if kind < 0.382:
        return '( pe.imphash() == "%032x" ) or ( %s and all of them )' % (rng.getrandbits(128), size)
    if kind < 0.41:
        return "%s and %s" % (rng.choice(MAGICS), some)
    if kind < 0.70:
        return "%s and %s" % (size, some)
    return "all of them" if kind < 0.85 else "%d of them" % max(1, count - 1)


def rule(rng, number):
    # 1 to 20 strings, 5.6 on average, with a long tail
    count = min(20, max(1, int(rng.gammavariate(2.2, 2.85))))
    lines = ["rule %s_%04d {" % (word(rng, 2, 4), number), "   meta:",
             '      description = "Detects %s - file %s"' % (word(rng), word(rng)),
             '      author = "bench"', '      date = "20%02d-%02d-%02d"' % (
                 rng.randint(14, 25), rng.randint(1, 12), rng.randint(1, 28)),
             "      score = %d" % rng.randint(40, 90), "   strings:"]
    lines += ["      $s%d = %s" % (i + 1, string(rng)) for i in range(count)]
    lines += ["   condition:", "      " + condition(rng, count), "}", ""]
    return "\n".join(lines)


def main():
    folder, total = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 500
    rng = random.Random(20)
    os.makedirs(folder, exist_ok=True)
    for first in range(0, total, 8):
        with open(os.path.join(folder, "bench_%04d.yar" % first), "w", encoding="ascii") as out:
            rules = [rule(rng, n) for n in range(first, min(first + 8, total))]
            if any("pe." in r for r in rules):
                out.write('import "pe"\n\n')
            out.write("\n".join(rules))


if __name__ == "__main__":
    main()
