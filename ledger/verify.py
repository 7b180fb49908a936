#!/usr/bin/env python3
"""Verifies a log folder, or the proof of one leaf, without the program that wrote it: signature, tree, tiles, chains of sessions, recordings.

    verify.py DATA_FOLDER [VKEY]
    verify.py FILE.tlog-proof VKEY

Prints PASS or FAIL and why; exit status 0 or 1. Standard library only; Ed25519 as in RFC 8032, trees as in RFC 6962.
"""
import base64, hashlib, json, os, sys

P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def add(a, b):
    (x1, y1, z1, t1), (x2, y2, z2, t2) = a, b
    e, f = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    g, h = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(n, point):
    total = (0, 1, 1, 0)
    while n:
        if n & 1:
            total = add(total, point)
        point, n = add(point, point), n >> 1
    return total


def point(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        raise ValueError("not a point")
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def signed(key, message, signature):
    base = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    r, s = point(signature[:32]), int.from_bytes(signature[32:], "little")
    if s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    one, two = times(s, base), add(r, times(h, point(key)))
    return (one[0] * two[2] - two[0] * one[2]) % P == 0 and (one[1] * two[2] - two[1] * one[2]) % P == 0


def root(hashes):
    if not hashes:
        return sha()
    while len(hashes) > 1:
        pairs = [sha(b"\x01", *hashes[i : i + 2]) for i in range(0, len(hashes) - 1, 2)]
        hashes = pairs + hashes[len(hashes) & ~1 :]
    return hashes[0]


def read(folder, *names):
    with open(os.path.join(folder, *names), "rb") as file:
        return file.read()


def number_path(n):
    path = "%03d" % (n % 1000)
    while n >= 1000:
        n //= 1000
        path = "x%03d/%s" % (n % 1000, path)
    return path


def rows(folder, kind, size):
    """The files of one row of the log, the last one perhaps partial."""
    for n in range((size + 255) // 256):
        width = min(256, size - 256 * n)
        path = "tile/%s/%s" % (kind, number_path(n))
        try:
            yield read(folder, "log", path if width == 256 else "%s.p/%d" % (path, width)), width
        except FileNotFoundError:
            yield read(folder, "log", path), width


def check_checkpoint(note, vkey):
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    name, key_hash, key = vkey.strip().split("+", 2)
    key = base64.b64decode(key, validate=True)
    assert key[0] == 1 and sha(name.encode(), b"\n", key)[:4].hex() == key_hash, "the vkey is malformed"
    origin, size, root_hash = text.split("\n")[:3]
    assert origin == name, "the checkpoint is of another log"
    for line in signatures.splitlines():
        _, who, signature = line.split(" ")
        signature = base64.b64decode(signature, validate=True)
        if who == name and signature[:4].hex() == key_hash:
            assert signed(key[1:], text.encode(), signature[4:]), "the signature is not valid"
            return int(size), base64.b64decode(root_hash)
    raise AssertionError("the checkpoint is not signed with this key")


def leaves(folder, size):
    for bundle, width in rows(folder, "entries", size):
        for _ in range(width):
            length = int.from_bytes(bundle[:2], "big")
            leaf, bundle = bundle[2 : 2 + length], bundle[2 + length :]
            assert len(leaf) == length, "a bundle is cut off"
            yield leaf
        # A full bundle may take the place of a partial one.
        assert not bundle or width < 256, "a bundle is too long"


def check_recording(folder, session, blocks):
    """The frames of a session's segments are the ones that its leaves name. Returns their number, or None if missing."""
    for number in sorted({int(block.split("/")[0]) for block in blocks}):
        try:
            data = read(folder, "recordings", session[:5], "%s.%d" % (session, number))
        except FileNotFoundError:
            return None
        at, prev = 128, sha(data[:128])
        for block in (block.split("/") for block in blocks if block.startswith("%d/" % number)):
            frame = data[at : at + 48 + int.from_bytes(data[at : at + 4], "little")]
            assert sha(frame).hex() == block[2] and frame[24:40] == prev[:16], "frame %s of %s was altered" % (block[1], session)
            at, prev = at + len(frame), sha(frame)
        assert at == len(data), "the recording of %s goes on after its end" % session
    return len(blocks)


def check(folder, vkey):
    size, signed_root = check_checkpoint(read(folder, "log", "checkpoint").decode(), vkey)
    hashes, sessions, recorded, deleted = [], {}, {}, set()
    for index, data in enumerate(leaves(folder, size)):
        hashes.append(sha(b"\x00", data))
        leaf = json.loads(data)
        if leaf["kind"] == "retention.tombstone":
            deleted.add(leaf["about"])
        if "session" not in leaf:
            continue
        seq, prev, blocks = sessions.setdefault(leaf["session"], (0, None, []))
        assert (leaf["seq"], leaf.get("prev")) == (seq, prev), "leaf %d does not follow the one before" % index
        blocks += leaf.get("blocks", [])
        sessions[leaf["session"]] = seq + 1, hashes[-1].hex(), blocks
        if leaf["kind"] == "session.close":
            assert leaf["details"]["frames"] == len(blocks), "session %s names too few blocks" % leaf["session"]
            recorded[leaf["session"]] = blocks
    assert len(hashes) == size and root(hashes) == signed_root, "the leaves are not those of the checkpoint"
    row, level = hashes, 0
    while row:
        for n, (tile, width) in enumerate(rows(folder, level, len(row))):
            assert tile[: 32 * width] == b"".join(row[256 * n : 256 * n + width]), "tile %d of level %d is wrong" % (n, level)
        row, level = [root(row[i : i + 256]) for i in range(0, len(row) & ~255, 256)], level + 1
    frames = 0
    for session, blocks in recorded.items():
        found = check_recording(folder, session, blocks)
        assert found is not None or session in deleted, "the recording of %s is missing" % session
        frames += found or 0
    return "%d leaves, %d sessions, %d frames, %d deleted by policy" % (size, len(sessions), frames, len(deleted))


def check_proof(text, vkey):
    """One leaf, its path through the tree, and the checkpoint at its end. Returns what the leaf says."""
    head, _, note = text.partition("\n\n")
    form, extra, place, *path = head.split("\n")
    assert form == "c2sp.org/tlog-proof@v1" and extra.startswith("extra ") and place.startswith("index "), "this is no proof"
    leaf, index = base64.b64decode(extra[6:], validate=True), int(place[6:])
    size, signed_root = check_checkpoint(note, vkey)
    assert 0 <= index < size, "the checkpoint does not reach to leaf %d" % index
    found, last = sha(b"\x00", leaf), size - 1
    for other in path:
        assert last, "the path is too long"
        other = base64.b64decode(other, validate=True)
        if index & 1 or index == last:
            found = sha(b"\x01", other, found)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            found = sha(b"\x01", found, other)
        index, last = index >> 1, last >> 1
    assert not last and found == signed_root, "the path does not lead to the checkpoint"
    return "leaf %s of %d: %s" % (place[6:], size, leaf.decode())


if __name__ == "__main__":
    try:
        if os.path.isfile(sys.argv[1]):
            with open(sys.argv[1], encoding="utf-8") as file:
                print("PASS", check_proof(file.read(), sys.argv[2]))
            sys.exit()
        key = sys.argv[2] if len(sys.argv) > 2 else read(sys.argv[1], "log.vkey").decode()
        print("PASS", check(sys.argv[1], key), "" if len(sys.argv) > 2 else "(key not pinned)")
    except (AssertionError, ValueError, KeyError, IndexError, OSError) as error:
        print("FAIL", error)
        sys.exit(1)
