#!/usr/bin/env python3
"""Verifies a lifeboat incident log with nothing but Python's standard library and ssh-keygen.

usage: verify_log.py ALLOWED_SIGNERS RUN_FOLDER|incident.jsonl [REVOKED_KEYS] [incident.N.jsonl in another place]...
                     [an anchor's statement, *.txt]... [certificates of time stamp authorities, *.pem]
       verify_log.py --many    each line of the input is a JSON list of such arguments; answers with a list each
Written from docs/incident-log.md alone; prints the verdict and its reasons; exit codes as `lifeboat log verify`.
"""
import base64, contextlib, datetime, hashlib, io, json, os, re, struct, subprocess, sys, tempfile

LIMIT, STRING = 1 << 20, re.compile(rb'"(?:[^"\\]|\\.)*"(:?)')
HEAD = re.compile(r'\{"seq":(\d+),"prev":"([0-9a-f]{64}|)","t":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)","mono":(\d+),"k":"([a-z0-9-]+)"')
PART = re.compile(r"incident\.([1-9]\d*)\.jsonl")
found, asked = {}, {}


def say(kind, number, text):
    found[kind].append((number, f"line {number}: {text}"))


def refuse(what):
    raise ValueError(what)


def members(pairs):
    if len(pairs) > 1000 or len(dict(pairs)) != len(pairs):
        refuse("the same key twice, or too many")
    return dict(pairs)


def sound(value, depth=0):
    if depth >= 64:
        refuse("nested too deeply")
    if isinstance(value, str):
        value.encode("utf-8")  # a lone surrogate raises
    elif isinstance(value, int) and abs(value) >= 1 << 53:
        refuse("integer of 2^53 or more")
    for child in (value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()):
        sound(child, depth + 1)


def parse(line):
    if len(line) > LIMIT or re.search(rb"\s", STRING.sub(b"", line)):
        refuse("too long, or white space between tokens")
    if any(m[1] and b"\\" in m[0] for m in STRING.finditer(line)):
        refuse("a key with an escape")
    text = line.decode("utf-8")
    value = json.loads(text, object_pairs_hook=members, parse_float=refuse, parse_constant=refuse)
    sound(value)
    return value, (HEAD.match(text) or refuse("no head")).groups()


def keygen(armour, message, *how):
    key = armour, hashlib.sha512(message).digest(), how
    if key not in asked:
        asked[key] = run_keygen(armour, message, *how)
    return asked[key]


def run_keygen(armour, message, *how):
    with tempfile.NamedTemporaryFile("w", suffix=".sig") as file:
        file.write(armour)
        file.flush()
        run = subprocess.run(["ssh-keygen", "-Y", *how, "-s", file.name], input=message, capture_output=True)
        return run.returncode == 0


def armoured(blob):
    if blob[:10] != b"SSHSIG\x00\x00\x00\x01":
        return None
    text = base64.b64encode(blob).decode()
    lines = "\n".join(text[i:i + 70] for i in range(0, len(text), 70))
    return f"-----BEGIN SSH SIGNATURE-----\n{lines}\n-----END SSH SIGNATURE-----\n"


def person(number, armour, message, by, namespace, mode):
    """Checks a person's signature: does it fit, and may this person sign this?"""
    if found["damage"]:
        return True  # what was changed before it makes it wrong, and that was said
    try:
        exact = armoured(base64.b64decode("".join(armour.split("\n")[1:-2]))) == armour
    except ValueError:
        exact = False
    if not exact or not keygen(armour, message, "check-novalidate", "-n", namespace):
        return say("damage", number, "the signature does not fit")
    if (by == "practice@lifeboat" and mode != "drill") or not keygen(
            armour, message, "verify", "-f", sys.argv[1], "-I", by, "-n", namespace):
        say("distrust", number, f"{by!r} may not sign {namespace} with this key")
    return True


def key_of(armour):
    """The fingerprint of the key that a signature names."""
    blob = base64.b64decode("".join(armour.split("\n")[1:-2]))
    size = struct.unpack(">I", blob[10:14])[0]
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob[14:14 + size]).digest()).decode().rstrip("=")


def request(begun, asked):
    """The text that approvers sign, made anew from the question's line; None where it wants no signature."""
    wanted = (asked["approval"] or {}).get("request")
    if not wanted:
        return None
    lines = [("lifeboat approval request", "1"), ("run", begun["run"]), ("mode", begun["mode"]), ("runbook", begun["runbook"]),
             ("operator", begun["by"]), ("attempt", wanted["attempt"]), ("impact", asked["impact"]),
             ("role", asked["approval"]["role"]), ("lines", str(wanted["lines"])), ("head", wanted["head"])]
    for one in [asked, *asked.get("also", [])]:
        digest = hashlib.sha256(one["command"].encode()).hexdigest()
        lines += [("step", one["step"] or ""), *((name, one["target"][name]) for name in ("account", "region", "resource")),
                  ("command-sha256", digest), *(("|", line) for line in one["command"].split("\n"))]
    plain = lambda text: re.sub(r"[^\x20-\x7e]", lambda m: "\\u{%x}" % ord(m[0]), text)
    return "".join(name + (" " + plain(value) if value else "") + "\n" for name, value in lines)


class Consent:
    """Approvals: who signed what was asked, and did what they signed start?"""
    asked, agreed, starts, operators, confirmed, signed = None, [], None, set(), 0, 0

    def line(self, number, kind, value, seq, link, begun):
        same = lambda one, other: one.strip().lower() == other.strip().lower()
        if kind == "confirmation-asked":
            self.asked, self.agreed = (value if value.get("approval") else None), []
            place = self.asked and value["approval"].get("request")
            if place and (place["lines"], place["head"]) != (int(seq), link):
                say("damage", number, "the question does not stand where it says")
        elif kind == "approved":
            text = self.asked and self.asked["prompt"] == value["prompt"] and request(begun, self.asked)
            sig, who = value["sig"], value["approver"]
            if not text or text != value["request"]:
                return say("damage", number, "what was approved is not what was asked")
            blob = base64.b64decode("".join(sig.split("\n")[1:-2]))
            if armoured(blob) != sig or key_of(sig) != value["key"] or not keygen(sig, text.encode(), "check-novalidate", "-n", "approve@lifeboat"):
                return say("damage", number, "the approval's signature does not fit")
            lists = [path for path in sys.argv[3:] if not PART.fullmatch(os.path.basename(path)) and not path.endswith((".txt", ".pem"))]
            revoked = ["-r", lists[0]] if lists else []
            known = any(same(who, name) or key == value["key"] for name, key in self.agreed)
            if known or value["key"] in self.operators or same(who, begun["by"]) or same(who, value["by"]) or not keygen(
                    sig, text.encode(), "verify", "-f", sys.argv[1], "-I", who, "-n", "approve@lifeboat", *revoked):
                return say("note", number, f"the approval of {who!r} does not count")
            self.agreed.append((who, value["key"]))
        elif kind == "declined" or (kind == "confirmed" and self.asked and self.asked["prompt"] != value["prompt"]):
            self.asked = None
        elif kind == "confirmed" and self.asked:
            self.confirmed, self.signed = self.confirmed + 1, self.signed + (len(self.agreed) >= self.asked["approval"]["count"])
            self.starts, self.asked = (self.asked["step"], self.asked["command"]), None
        elif kind == "attempt-started" and self.starts:
            if self.starts[0] == value["step"] and self.starts[1] != value["command"]:
                say("damage", number, "another command started than the one that was approved")
            self.starts = None


def micros(time):
    """Microseconds since the epoch, by the calendar's rules alone, whatever the digits say."""
    year, month, day, hour, minute, second, rest = map(int, re.split(r"\D", time[:-1]))
    year, month = (year - 1, month + 9) if month <= 2 else (year, month - 3)  # years that begin in March
    days = year * 365 + year // 4 - year // 100 + year // 400 + (month * 153 + 2) // 5 + day - 719469
    return ((days * 24 + hour) * 3600 + minute * 60 + second) * 10**6 + rest


def lasting(span):
    """A time as people say it: the two greatest units, and of hours whole minutes."""
    span = abs(span) // 1000
    hours, minutes, seconds = span // 3600000, span // 60000 % 60, span // 1000 % 60
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    if minutes:
        return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"
    return f"{seconds} s" if seconds else f"{span} ms"


class Clocks:
    """What the log's two clocks say of each other, and the `Date` of AWS's answers of its wall clock; two seconds are nothing."""
    before, answers, worst, synced, unsynced = None, 0, None, 0, []

    def line(self, number, time, mono):
        now = micros(time), int(mono)
        if self.before and now[1] < self.before[1]:
            say("warning", number, "the monotonic clock went back")
        elif self.before:
            jump = now[0] - self.before[0] - (now[1] - self.before[1])
            if abs(jump) > 2000000:
                say("warning", number, f"the wall clock was set {'back' if jump < 0 else 'ahead'} by {lasting(jump)}")
        self.before = now

    def kept(self, number, kind, value):
        """Whether a time server kept the clock, as the machine said."""
        said = value.get("clock") if kind in ("open", "resumed", "heartbeat") else None
        self.synced += said == "synced"
        if said == "unsynced":
            self.unsynced.append(number)

    def finished(self, number, time, value):
        aws, took = value.get("aws"), value.get("took_ms", 0)
        date, form, end = aws.get("date") if isinstance(aws, dict) else None, "%a, %d %b %Y %H:%M:%S GMT", micros(time)
        try:
            read = datetime.datetime.strptime(date, form)
        except (ValueError, TypeError):
            return
        if type(took) is not int or read.strftime(form) != date:
            return
        said = (read - datetime.datetime(1970, 1, 1)) // datetime.timedelta(microseconds=1)
        # It was said between the attempt's beginning and its end.
        ahead = max(end - took * 1000 - said, 0) + min(end - said, 0)
        self.answers += 1
        if abs(ahead) > max(2000000, abs(self.worst[1]) if self.worst else 0):
            self.worst = number, ahead

    def conclude(self):
        none, all = len(self.unsynced), self.synced + len(self.unsynced)
        often = ("" if none in (0, all) else f"{none} of ") + ("once" if all == 1 else f"{all} times")
        if none:
            say("warning", self.unsynced[0], f"the wall clock was kept by no time server, as the machine said {often}")
        elif all:
            found["note"].append((0, f"the wall clock was kept by a time server, as the machine said {often}"))
        if self.worst:
            number, ahead = self.worst
            how = "behind AWS's" if ahead < 0 else "ahead of AWS's, or this was recorded that much later"
            say("warning", number, f"the wall clock was {lasting(ahead)} {how}")
        elif self.answers:
            answers = "1 answer" if self.answers == 1 else f"{self.answers} answers"
            found["note"].append((0, f"the wall clock agrees with AWS's in {answers}, to two seconds"))


def session_fits(session, sig, message):
    """Rebuilds the armour of a checkpoint from the session key in the first line."""
    string = lambda data: struct.pack(">I", len(data)) + data
    raw = base64.b64decode(sig)
    if base64.b64encode(raw).decode() != sig or len(raw) != 64:
        return False
    blob = b"SSHSIG" + struct.pack(">I", 1) + string(base64.b64decode(session.split()[1])) + string(
        b"checkpoint@lifeboat") + string(b"") + string(b"sha512") + string(string(b"ssh-ed25519") + string(raw))
    with tempfile.NamedTemporaryFile("w") as allowed:
        allowed.write(f"session {session}\n")
        allowed.flush()
        return keygen(armoured(blob), message, "verify", "-f", allowed.name, "-I", "session", "-n", "checkpoint@lifeboat")


def beside(folder, number, name, size, digest):
    path = os.path.join(folder, name)
    if digest is None or (size == 0 and not os.path.lexists(path)):
        return
    if os.path.islink(path) or not os.path.isfile(path):
        return say("damage", number, f"{name} is missing")
    data = open(path, "rb").read()
    if hashlib.sha256(data).hexdigest() != digest or size not in (None, len(data)):
        say("damage", number, f"{name} was changed")


def vouched(value):
    """The sizes and digests of what an attempt printed, which every end of one has to say."""
    name, streams = value["attempt"], value["streams"]
    if not isinstance(name, str):
        raise ValueError("no name of an attempt")
    for end in ("out", "err"):
        size, digest = streams[f"{end}_bytes"], streams.setdefault(f"{end}_sha256", None)
        if type(size) is not int or not 0 <= size < 2**64 or not isinstance(digest, (str, type(None))):
            raise ValueError("no size or digest of what an attempt printed")
    return streams


def outputs(folder, number, name, streams):
    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", name):
        return say("damage", number, "no name of an attempt")
    for end in ("out", "err"):
        beside(folder, number, f"output/{name}.{end}", streams[f"{end}_bytes"], streams[f"{end}_sha256"])


def addenda(folder, begun, log, count):
    """What was added after the seal: a chain of its own, each addition signed over all bytes before the signature."""
    path = os.path.join(folder, "addenda.jsonl")
    if not os.path.exists(path):
        return
    data = open(path, "rb").read()
    lines, wanted, prev, before, waits, clock = data.split(b"\n"), 0, "", 0, False, ""
    torn = lines.pop()
    try:
        for wanted, line in enumerate(lines):
            value, (seq, link, time, mono, kind) = parse(line)
            if (int(seq), link) != (wanted, prev) or (kind == "addenda") != (wanted == 0):
                refuse("does not follow the line before")
            if kind == "addenda":
                if (value["run"], value["lines"], value["log_sha512"]) != (begun["run"], count, hashlib.sha512(log).hexdigest()):
                    refuse("speaks of another log")
            elif kind == "signed":
                form = f'"t":"{clock}","mono":0,"k":"signed","sig":{json.dumps(value["sig"])}}}'
                if not waits or not line.decode().endswith(form) or len(value) != 6:
                    refuse("is not in the form of signatures")
                blob = base64.b64decode("".join(value["sig"].split("\n")[1:-2]))
                if armoured(blob) != value["sig"] or not keygen(value["sig"], data[:before], "check-novalidate", "-n", "addendum@lifeboat"):
                    refuse("does not fit")
                waits = False
            elif waits:
                refuse("follows one that is not signed")
            else:
                waits = True
            prev, before, clock = hashlib.sha256(line).hexdigest(), before + len(line) + 1, time
        wanted += 1
        if torn:
            refuse("is not complete")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        found["damage"].append((1 << 53, f"addenda.jsonl line {wanted + 1}: {error}"))


def first(data):
    """Returns the first line of a further part, which says what came before it; of a first part an empty one."""
    try:
        value = parse(data.split(b"\n")[0])[0]
        return value if value["k"] == "continues" and value["part"] > 1 else {}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def parts_of(path, further):
    """Gathers the parts of a log in order, each with its number and as many bytes as a later part says that count."""
    names = [path] if not os.path.isdir(path) else [os.path.join(path, "incident.jsonl")] + [
        os.path.join(path, name) for name in sorted(filter(PART.fullmatch, os.listdir(path)), key=lambda name: int(PART.fullmatch(name)[1]))]
    there = [open(name, "rb").read() for name in [*names, *(name for name in further if PART.fullmatch(os.path.basename(name)))] if len(names) == 1 or os.path.exists(name)]
    found = sorted(((first(data).get("part", at), data) for at, data in enumerate(there, 1)), key=lambda part: part[0])
    for at, (number, data) in enumerate(found):
        claims = [first(later)["parts"] for _, later in found[at + 1:] if first(later)]
        yield number, data[:claims[0][number - 1]["bytes"]] if claims else data


def continues(number, value, part, begun, session, seen):
    """Checks the first line of a further part; gives the number of lines before it."""
    if value["run"] != begun.get("run", value["run"]) or value["part"] != part or len(value["parts"]) + 1 != part:
        say("damage", number, "continues another log")
    for at, claim in enumerate(value["parts"], 1):
        if at not in seen:
            say("open", number, f"part {at} is missing")
        elif seen[at] != claim:
            say("damage", number, f"part {at} is not what it was")
    if part - 1 in seen and value["session"] != session:
        say("damage", number, "names another session")
    return sum(claim["lines"] for claim in value["parts"])


def anchors(folder, run, digests, further):
    """Compares statements with the log; says whether one that somebody vouches for covers the last line."""
    inside = os.path.join(folder, "anchors")
    beside = [os.path.join(inside, name) for name in sorted(os.listdir(inside))] if os.path.isdir(inside) else []
    stamps, whole = [path for path in further if path.endswith(".pem")], False
    for path in [*beside, *further]:
        text = open(path, "rb").read() if path.endswith(".txt") else b""
        said = re.fullmatch(rb"lifeboat log anchor 1\nrun (.*)\nlines (0|[1-9]\d*)\nhead ([0-9a-f]{64})\n", text)
        if not said:
            continue
        lines, stamp = int(said[2]), path[:-3] + "tsr"
        if said[1].decode() != run or digests.get(lines) != said[3].decode():
            say("anchor", lines, f"{path} knows another log")
        elif path in further or any(os.path.exists(stamp) and subprocess.run(
                ["openssl", "ts", "-verify", "-data", path, "-in", stamp, "-CAfile", ca], capture_output=True).returncode == 0 for ca in stamps):
            whole = whole or lines == max(digests)
    return whole


def main(path, *further):
    folder = path if os.path.isdir(path) else os.path.dirname(path) or "."
    parts, seen, whole = list(parts_of(path, further)), {}, 0
    if not any(b"\n" in data for _, data in parts):
        sys.exit("there is no complete line")
    begun, session, began, delegated, last, sealing, sealed, practice, consent = {}, "", None, False, {}, None, None, False, Consent()
    clocks = Clocks()
    wanted, prev, at, digests = 0, "", None, {}
    for part, data in parts:
        lines = data.split(b"\n")
        torn, before, opening = lines.pop(), 0, part > 1
        for number, line in enumerate(lines, whole + 1):
            digest, mark = hashlib.sha256(line).hexdigest(), None
            if sealed:
                say("damage", number, "follows the seal")
            try:
                value, (seq, link, time, mono, kind) = parse(line)
                clocks.line(number, time, mono)
                clocks.kept(number, kind, value)
                if opening or kind == "continues":
                    if kind != "continues" or not opening:
                        say("damage", number, "does not say which parts come before it")
                    else:
                        skipped = continues(number, value, part, begun, session, seen)
                        if part - 1 not in seen:
                            wanted, prev, session, began = skipped, link, value["session"], None
                        begun = begun or {"run": value["run"], "mode": value["mode"]}
                opening = False
                if int(seq) != wanted:
                    say("damage", number, f"has number {seq} where {wanted} belongs")
                    wanted = int(seq)
                elif link != prev:
                    say("damage", max(number - 1, 1), "was changed, or the link to it")
                signing = (time, mono) == at
                if (kind == "open") != (number == 1 and part == 1):
                    say("damage", number, "the open line is missing or not the first")
                elif kind == "open":
                    begun, session, began = value, value["session"], digest
                    if os.path.isdir(os.path.join(folder, "output")):
                        beside(folder, number, "runbook.md", None, value["runbook_sha256"])
                elif kind == "resumed":
                    session, began = value["session"], digest
                elif kind == "delegation":
                    head = began or value["statement"].split("\nhead ")[-1].rstrip("\n")  # None: its line is in a part that is missing
                    statement = f"lifeboat session delegation\nrun {begun['run']}\nsession {session}\nhead {head}\n"
                    if value["statement"] != statement or not session:
                        say("damage", number, "the delegation is for something else")
                    else:
                        delegated = person(number, value["sig"], statement.encode(), value["by"], "session@lifeboat", begun["mode"])
                        consent.operators.add(key_of(value["sig"]))
                elif kind == "checkpoint":
                    form = f'"k":"checkpoint","lines":{seq},"sig":"{value["sig"]}"}}'
                    if not signing or not session or not line.decode().endswith(form) or len(value) != 7:
                        say("damage", number, "is not in the form of checkpoints")
                    else:
                        last[part, session] = (number, value["sig"], data, before)
                elif kind == "sealing":
                    mark = value["by"]
                elif kind == "seal":
                    sealed = number
                    form = f'"k":"seal","sig":{json.dumps(value["sig"])}}}'
                    if not signing or sealing is None or not line.decode().endswith(form) or len(value) != 6:
                        say("damage", number, "is not in the form of seals")
                    else:
                        practice = sealing == "practice@lifeboat"
                        person(number, value["sig"], data[:before], sealing, "seal@lifeboat", begun["mode"])
                elif kind == "attempt-finished":
                    clocks.finished(number, time, value)
                    streams = vouched(value)
                    if os.path.isdir(os.path.join(folder, "output")):
                        outputs(folder, number, value["attempt"], streams)
                else:
                    consent.line(number, kind, value, seq, link, begun)
                sealing = sealing if kind == "checkpoint" else mark
                at = (time, mono)
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                say("damage", number, f"is broken: {error}")
            digests[number] = digest
            wanted, prev, before = wanted + 1, digest, before + len(line) + 1
        seen[part] = {"lines": len(lines), "bytes": before, "sha512": hashlib.sha512(data[:before]).hexdigest()}
        whole = wanted if part > 1 and lines else whole + len(lines)
        if torn:
            say("damage" if sealed else "open", whole + 1, "is not complete")
    for (_, key), (number, sig, data, end) in last.items() if not found["damage"] else ():
        if not session_fits(key, sig, data[:end]):
            say("damage", number, "the checkpoint does not fit: something before it was changed")
    addenda(folder, begun, parts[-1][1], whole)
    if not sealed:
        say("open", whole, "there is no seal")
        if not delegated:
            say("distrust", whole, "no person's key vouches for the log")
    clocks.conclude()
    if consent.confirmed:
        found["note"].append((0, f"{consent.signed} of {consent.confirmed} confirmations that wanted approvals have them signed"))
    anchored = anchors(folder, begun.get("run"), digests, further)
    verdict = ("TAMPERED" if found["damage"] else "ANCHOR MISMATCH" if found["anchor"] else "UNTRUSTED" if found["distrust"] else "OPEN" if found["open"]
               else ("SEALED by a practice key" if practice else "SEALED") + (", ANCHORED" if anchored else ""))
    print(verdict, *(text for texts in found.values() for _, text in sorted(texts, key=lambda one: one[0])), sep="\n  ")
    return {"S": 0, "T": 1, "O": 3, "U": 4, "A": 5}[verdict[0]]


def judge(arguments):
    """Judges one log; gives the exit code."""
    sys.argv[1:] = arguments
    found.update({"damage": [], "anchor": [], "distrust": [], "open": [], "warning": [], "note": []})
    try:
        return main(*arguments[1:])
    except (OSError, SystemExit) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    if sys.argv[1:] == ["--many"]:
        for case in sys.stdin:
            with contextlib.redirect_stdout(io.StringIO()) as text, contextlib.redirect_stderr(text):
                code = judge(json.loads(case))
            print(json.dumps([code, text.getvalue()]))
        sys.exit(0)
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    sys.exit(judge(sys.argv[1:]))
