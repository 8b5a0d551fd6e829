"""What EXCEPTIONS.md excuses: differences from the recordings that are kept on purpose."""
import fnmatch
import json
import pathlib
import re

TABLE = pathlib.Path(__file__).with_name("EXCEPTIONS.md")
MISSING = object()


def read():
    """Yields (area, indices, pattern) for each row of the table."""
    for line in TABLE.read_text().splitlines():
        row = re.match(r"\| *(\w+)\[([\d, -]+)\] *\| *`([^`]+)` *\|", line)
        if row:
            yield row[1], set(indices(row[2])), row[3]


def indices(words):
    for word in words.split(","):
        first, _, last = word.strip().partition("-")
        yield from range(int(first), int(last or first) + 1)


def differences(golden, other, path=""):
    """Yields (path, container, key, golden's value) wherever two JSON values differ."""
    for key in keys(golden) | keys(other):
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


def excuse(golden, output):
    """Gives the transcripts in `output` golden's value wherever the table excuses a difference."""
    for area, wanted, pattern in read():
        for recorded in pathlib.Path(golden).glob(f"{area}*.json"):
            transcript = pathlib.Path(output) / recorded.name
            if not transcript.exists():
                continue
            steps = {e["step"]: e for e in json.loads(recorded.read_text())["entries"]}
            document = json.loads(transcript.read_text())
            for entry in document["entries"]:
                if entry["step"] in wanted and entry["step"] in steps:
                    excuse_entry(steps[entry["step"]], entry, pattern)
            transcript.write_text(json.dumps(document))


def excuse_entry(golden, entry, pattern):
    for path, container, key, value in list(differences(golden, entry)):
        if not fnmatch.fnmatchcase(path, pattern):
            continue
        if value is MISSING:
            del container[key]
        else:
            container[key] = value
