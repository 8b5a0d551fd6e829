"""What EXCEPTIONS.md excuses: differences from the recordings that are kept on purpose."""
import fnmatch
import json
import pathlib
import re

TABLE = pathlib.Path(__file__).with_name("EXCEPTIONS.md")
MISSING = object()


class Rule:
    """A row of the table: parts of some answers that may differ."""

    def __init__(self, area, words, pattern):
        self.area = area
        self.words = words  # numbers of exchanges and ranges of them
        self.pattern = pattern
        self.used = set()

    def covers(self, step, path):
        if not fnmatch.fnmatchcase(path, self.pattern):
            return False
        hits = {word for word in self.words if step in steps_of(word)}
        self.used |= hits
        return bool(hits)

    def unused(self):
        """The exchanges for which this row is not needed."""
        return [f"{self.area}[{word}] {self.pattern}" for word in self.words
                if word not in self.used]


class Table:
    """EXCEPTIONS.md: differences, words, and what chance decides.

    Afterwards it tells how many exchanges had excused differences, how many of those only showed
    again what an earlier one of their area had shown, and how many had other words.
    """

    def __init__(self):
        self.differences, self.words, self.chance = [], [], []
        self.excused = self.repeated = self.reworded = 0
        for line in TABLE.read_text().splitlines():
            if row := re.match(r"\| *`(.+?)` *\| *`(.+?)` *\|$", line):
                self.words.append((row[1], row[2]))
            elif row := re.match(r"\| *(\d+)\[([\d, -]+)\] *\| *`(.+?)`( by chance)? *\|", line):
                rule = Rule(row[1], [word.strip() for word in row[2].split(",")], row[3])
                (self.chance if row[4] else self.differences).append(rule)

    def excuse(self, golden, output):
        """Gives the transcripts in `output` golden's value wherever a difference is excused.

        Returns what is in the table, but excuses nothing any more.
        """
        unused = []
        for transcript in sorted(pathlib.Path(output).glob("*.json")):
            rules = [rule for rule in self.differences if transcript.name.startswith(rule.area)]
            chance = [rule for rule in self.chance if transcript.name.startswith(rule.area)]
            recorded = json.loads((pathlib.Path(golden) / transcript.name).read_text())["entries"]
            wanted = {entry["step"]: entry for entry in recorded}
            document = json.loads(transcript.read_text())
            seen = set()
            for entry in document["entries"]:
                found = self.excuse_entry(wanted.get(entry["step"], entry), entry, rules, chance)
                self.excused += bool(found)
                self.repeated += bool(found) and found <= seen
                seen |= found
            transcript.write_text(json.dumps(document))
            unused += [words for rule in rules for words in rule.unused()]
        return unused

    def excuse_entry(self, golden, entry, rules, chance):
        """Returns what was excused by `rules`, as a set."""
        found, reworded = set(), False
        if golden.get("status") == 500:
            return found  # a bug of the original, which nobody compares
        drawn = names_made_up_first(golden, entry)
        for path, container, key, value in list(differences(golden, entry)):
            other = at(container, key)
            if self.only_words(golden.get("request", ""), path, value, other):
                reworded = True
            elif not (drawn and any(rule.covers(golden["step"], path) for rule in chance)):
                if not any([rule.covers(golden["step"], path) for rule in rules]):
                    continue
                found.add((path, text(value), text(other)))
            if value is MISSING:
                del container[key]
            else:
                container[key] = value
        self.reworded += reworded
        return found

    def only_words(self, request, path, value, other):
        """Whether both sides say something to people here."""
        return (isinstance(value, str) and isinstance(other, str) and value and other
                and any(fnmatch.fnmatchcase(request, requests) and fnmatch.fnmatchcase(path, texts)
                        for requests, texts in self.words))


def steps_of(word):
    first, _, last = word.partition("-")
    return range(int(first), int(last or first) + 1)


def names_made_up_first(golden, entry):
    """Whether an answer begins with something whose UUID the server made up, and golden's not."""
    first, other = (re.search(r'"uuid": "(.)', text(e.get("body"))) for e in (golden, entry))
    return bool(first and other and first[1] != "<" and other[1] == "<")


def text(value):
    return "" if value is MISSING else json.dumps(value, sort_keys=True)


def differences(golden, other, path=""):
    """Yields (path, container, key, golden's value) wherever two JSON values differ."""
    for key in sorted(keys(golden) | keys(other), key=str):
        wanted, found = at(golden, key), at(other, key)
        here = f"{path}/{key}"
        if comparable(wanted, found):
            yield from differences(wanted, found, here)
        elif wanted != found:
            yield here, other, key, wanted


def keys(container):
    return set(container) if isinstance(container, dict) else set(range(len(container)))


def at(container, key):
    return container.get(key, MISSING) if isinstance(container, dict) else container[key]


def comparable(wanted, found):
    both_lists = isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found)
    return both_lists or (isinstance(wanted, dict) and isinstance(found, dict))
