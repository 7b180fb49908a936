#!/usr/bin/env python3
"""Rebuilds `built/` from downloaded packages; README.md says which, and under what licence.

    python3 build.py --names DIR --babynames FILE.sqlite --faker DIR --zipcodes DIR --icd DIR --scowl DIR
    python3 build.py --sort-hand

`hand/` is written by people. `--sort-hand` only folds, sorts and de-duplicates it in place.
The output is a pure function of the inputs: no clock, no randomness, no set order.
"""

import argparse
import collections
import importlib
import pathlib
import pkgutil
import re
import sqlite3
import sys
import unicodedata
import xml.etree.ElementTree as ElementTree

HERE = pathlib.Path(__file__).resolve().parent
HAND = HERE / "hand"
BUILT = HERE / "built"

# Letters that Unicode does not decompose.
LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i", "ʻ": "'"}
)

# A given name needs this many births in all years to be kept; more where it is also an English word, since
# "Case" or "Carry" costs more precision on prose than it wins recall. Keyed by SCOWL level.
BIRTHS_NEEDED = 300
BIRTHS_NEEDED_IF_WORD = {10: 3000, 20: 1000, 35: 1000, 40: 600, 50: 600, 55: 600, 60: 600}
# What a clerk typed where no name was given, and words that no note uses as a name.
NOT_GIVEN = set(
    "unknown unnamed infant baby male female notnamed babyboy babygirl boy girl noname none son daughter twin twina "
    "twinb case ever unique true job said general major judge early doctor sister chosen author knowledge truth "
    "desire dream colon oral brain male female ova albino clearance colonel marshal steward aide master captain "
    "my md de da di la le un mi mu mc ab em legend era essence rush price bear rain seven promise pa ma mar sir ether "
    "sire minor page junior senior".split()
)
# Of `faker`: names in Latin letters, and not so short that they are more often an abbreviation.
LATIN = r"[A-Za-zÀ-ɏḀ-ỿ'’ʻ\- ]+"
LEAST_OF_THE_WORLD = 4
GIVEN_COMMON, SURNAME_COMMON = 1500, 3000
# Upper bounds of the rank tiers 1, 2, 3, ...; the last tier has no bound.
TIERS = {"given": (200, GIVEN_COMMON, 5000, 12000), "surnames": (500, SURNAME_COMMON, 10000, 30000)}

SCOWL_LEVELS = (10, 20, 35, 40, 50, 55, 60)
# Contractions reach the lexicon as two runs: "don't" is `don` and `t`.
CONTRACTION_LEVELS = (10, 35, 40, 50)

# Chapters of ICD-10-CM that speak of medicine; the others tell of accidents, vehicles and paperwork.
ICD_CHAPTERS = range(1, 20)
# A word of everyday English counts as clinical only from so many occurrences on.
ICD_OCCURRENCES = 3

# Not in the ZIP data: Canada, Caribbean, overlays newer than it, toll-free and other non-geographic codes.
AREA_CODES_EXTRA = """
204 226 227 229 235 236 242 246 249 250 257 263 264 268 274 279 283 284 289 306 324 326 327 329 332 340 341 343 345
346 350 353 354 357 363 365 367 368 369 380 382 403 416 418 428 431 436 437 438 440 441 445 447 448 450 457 463 464
468 471 472 473 474 483 500 506 514 519 521 522 523 524 525 526 527 528 529 532 533 535 542 543 544 545 546 547 548
549 550 552 553 554 556 557 558 564 566 569 572 577 578 579 581 582 584 587 588 589 600 604 613 621 622 624 628 629
639 640 645 647 649 656 658 659 664 667 672 679 680 683 686 689 693 700 705 709 710 721 725 726 728 729 730 737 738
742 743 747 748 753 758 761 762 767 769 771 772 774 778 779 780 782 784 787 800 807 809 819 820 821 822 825 826 829
833 835 837 838 839 840 844 849 850 854 855 861 863 866 867 868 869 870 872 873 876 877 878 879 888 900 902 905 908
910 924 930 934 938 939 942 943 945 947 948 959 975 983 984 986
""".split()


def fold(text):
    """The text of the lexicon: lower case, ASCII, one blank between maximal alphanumeric runs."""
    text = unicodedata.normalize("NFD", text.lower().translate(LETTERS))
    text = "".join(c for c in text if not unicodedata.combining(c))
    return " ".join(re.findall(r"[a-z0-9]+", text))


def write(name, rows):
    """One row per line, sorted by bytes, so that a change shows as a small diff."""
    rows = sorted(set(rows))
    (BUILT / name).write_text("".join(row + "\n" for row in rows), encoding="ascii")
    print(f"{name}: {len(rows)} rows", file=sys.stderr)


def hand(name):
    return set((HAND / f"{name}.txt").read_text(encoding="ascii").splitlines())


def tier(kind, rank):
    return next((i for i, bound in enumerate(TIERS[kind], 1) if rank <= bound), len(TIERS[kind]) + 1)


def ranked(kind, counts):
    """`word<TAB>tier`, most frequent first before sorting; ties broken by spelling."""
    order = sorted(counts, key=lambda word: (-counts[word], word))
    return [f"{word}\t{tier(kind, rank)}" for rank, word in enumerate(order, 1)]


def english(scowl):
    """Folded English words with their SCOWL level, the most common level winning."""
    level_of = {}
    for level in SCOWL_LEVELS:
        for variety in ("english", "american"):
            for line in (scowl / f"{variety}-words.{level}").read_text(encoding="latin-1").splitlines():
                word = fold(line)
                # "'s" forms reach the lexicon as the word and a lone `s`.
                if "'" not in line and len(word) > 1 and " " not in word:
                    level_of.setdefault(word, level)
    return level_of


def contractions(scowl):
    rows = set()
    for level in CONTRACTION_LEVELS:
        rows.update(fold(line) for line in (scowl / f"english-contractions.{level}").read_text("latin-1").splitlines())
    return {row for row in rows if " " in row}


def census(path):
    """`NAME  percent  cumulative  rank`, percent in thousandths; returns name -> (percent, rank)."""
    rows = (line.split() for line in path.read_text(encoding="ascii").splitlines() if line.strip())
    return {fold(name): (float(percent), int(rank)) for name, percent, _, rank in rows}


def names_of_the_world(faker, pattern, level_of):
    """Names from all locales of `faker` that are written in Latin letters. What is a word of any other list is left
    out: these lists say nothing of how often somebody is called so."""
    sys.path.insert(0, str(faker))
    from faker.providers import person  # noqa: PLC0415 (the path is an argument)

    others = set(level_of)
    for path in HAND.glob("*.txt"):
        if path.stem not in ("given_extra", "surname_extra", "mostly_name", "city_world"):
            others.update(path.read_text(encoding="ascii").split())
    found = set()
    for module in pkgutil.iter_modules(person.__path__):
        provider = importlib.import_module(f"faker.providers.person.{module.name}").Provider
        for attribute in dir(provider):
            names = getattr(provider, attribute)
            if attribute.startswith("_") or callable(names) or not re.search(pattern, attribute):
                continue
            for name in names if isinstance(names, (list, tuple, dict, set)) else ():
                if isinstance(name, str) and re.fullmatch(LATIN, name):
                    found.update(fold(piece) for piece in re.split(r"[-\s]", name))
    return sorted(word for word in found - others if len(word) >= LEAST_OF_THE_WORLD and " " not in word)


def build_surnames(names, faker, level_of):
    listed = census(names / "names" / "dist.all.last")
    # The printed percentages tie early; the rank does not.
    counts = {word: -rank for word, (_, rank) in listed.items()}
    below = min(counts.values()) - 1
    for word in (*hand("surname_extra"), *names_of_the_world(faker, "last|surname", level_of)):
        counts.setdefault(word, below)
    write("surnames.txt", ranked("surnames", counts))


def build_given(names, babynames, faker, level_of):
    births = collections.Counter()
    query = "select name, sum(births) from usNameData group by name"
    for name, total in sqlite3.connect(f"file:{babynames}?mode=ro", uri=True).execute(query):
        births[fold(name)] += total
    listed = {}
    for sex in ("male", "female"):
        listed.update(census(names / "names" / f"dist.{sex}.first"))
    kept = {}
    for word in set(births) | set(listed):
        needed = BIRTHS_NEEDED_IF_WORD.get(level_of.get(word), BIRTHS_NEEDED)
        # The Census list has adults of 1990, among them immigrants who have no birth record.
        plain = word not in level_of
        if len(word) > 1 and word not in NOT_GIVEN and (births[word] >= needed or (plain and word in listed)):
            kept[word] = births[word]
    for word in hand("given_extra") - NOT_GIVEN:
        kept.setdefault(word, births[word])
    for word in names_of_the_world(faker, "first|given|middle", level_of):
        if word not in NOT_GIVEN:
            # Fewer births than any other: they change nobody's rank.
            kept.setdefault(word, 0)
    write("given.txt", ranked("given", kept))


def build_places(zipcodes):
    sys.path.insert(0, str(zipcodes))
    import zipcodes as package  # noqa: PLC0415 (the path is an argument)

    cities, rows, area_codes = set(), collections.defaultdict(int), set(AREA_CODES_EXTRA)
    for record in package.list_all():
        # A ZIP of one customer names the customer, and a military one a post office.
        if record["zip_code_type"] in ("STANDARD", "PO BOX"):
            for city in [record["city"], *record["acceptable_cities"]]:
                cities.update(city_spellings(fold(city)))
        zip_code = record["zip_code"]
        rows[zip_code[:3], record["state"]] |= 1 << int(zip_code[3:])
        area_codes.update(record["area_codes"])
    write("cities.txt", filter(is_city, cities))
    write("zips.txt", (f"{prefix} {state} {bits:025x}" for (prefix, state), bits in rows.items()))
    valid = (code for code in area_codes if re.fullmatch(r"[2-9][0-8][0-9]", code) and code[1:] != "11")
    write("area_codes.txt", valid)


def is_city(name):
    """Without a vowel it is the code of a post office; the other exceptions are slips and offices of a state."""
    return len(name) > 2 and re.search(r"[aeiouy]", name) and not re.search(r"[0-9]| dept ", name)


def city_spellings(city):
    """Notes write `St. Louis`, `Saint Louis`, `Ft Worth`, `Mt. Vernon` as they please."""
    yield city
    for short, long in (("st", "saint"), ("ste", "sainte"), ("ft", "fort"), ("mt", "mount")):
        for one, other in ((short, long), (long, short)):
            if city.startswith(one + " "):
                yield other + city[len(one) :]


def build_clinical(icd, level_of):
    counts = collections.Counter()
    (tabular,) = (icd / "simple_icd_10_cm" / "data").glob("icd10c-tabular-*.xml")
    for chapter in ElementTree.parse(tabular).getroot().iter("chapter"):
        if int(chapter.findtext("name")) not in ICD_CHAPTERS:
            continue
        for tag in ("desc", "note"):
            for node in chapter.iter(tag):
                # Lower-case words only: a capital inside a description is an eponym, a place or an organism.
                counts.update(re.findall(r"(?<![A-Za-z])[a-z]{4,}(?![A-Za-z])", node.text or ""))
    common_names = set()
    for name in ("given", "surnames"):
        for line in (BUILT / f"{name}.txt").read_text().splitlines():
            word, rank = line.split("\t")
            if int(rank) <= 2:
                common_names.add(word)
    # Plain English and common names are kept only where a person put them in `hand/clinical.txt`.
    write(
        "clinical.txt",
        (
            word
            for word, count in counts.items()
            if level_of.get(word, 99) >= (30 if count >= ICD_OCCURRENCES else 40) and word not in common_names
        ),
    )


def sort_hand():
    for path in sorted(HAND.glob("*.txt")):
        rows = {fold(line) for line in path.read_text(encoding="utf-8").splitlines()} - {""}
        path.write_text("".join(row + "\n" for row in sorted(rows)), encoding="ascii")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sort-hand", action="store_true")
    for source in ("names", "babynames", "faker", "zipcodes", "icd", "scowl"):
        parser.add_argument(f"--{source}", type=pathlib.Path)
    args = parser.parse_args()
    if args.sort_hand:
        sort_hand()
        return
    for source in ("names", "babynames", "faker", "zipcodes", "icd", "scowl"):
        if getattr(args, source) is None:
            parser.error(f"--{source} is needed")
    BUILT.mkdir(exist_ok=True)
    level_of = english(args.scowl)
    write("english.txt", (f"{word}\t{level}" for word, level in level_of.items()))
    write("contractions.txt", contractions(args.scowl))
    build_surnames(args.names, args.faker, level_of)
    build_given(args.names, args.babynames, args.faker, level_of)
    build_places(args.zipcodes)
    build_clinical(args.icd, level_of)


if __name__ == "__main__":
    main()
