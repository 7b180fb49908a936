#!/usr/bin/env python3
"""Checks roots and proofs of many trees with its own hashing, as RFC 6962 says it.

    verify-trees.py < TREES

Each line: {"seed", "size", "root", "index", "inclusion", "old", "old_root", "consistency", "good"}; leaf i of a tree is the
text SEED/i; "good" says what is claimed of the proofs. Prints how many trees agreed; exit status 0 or 1. Standard library only.
"""
import base64, hashlib, json, sys


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaves):
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return node(root(leaves[:split]), root(leaves[split:]))


def climb(index, size, leaf, proof):
    """RFC 9162, 2.1.3.2: the root that an inclusion proof leads to, or None."""
    last, at = size - 1, leaf
    for step in proof:
        if last == 0:
            return None
        if index & 1 or index == last:
            at = node(step, at)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            at = node(at, step)
        index, last = index >> 1, last >> 1
    return at if last == 0 else None


def grows(old, old_root, size, new_root, proof):
    """RFC 9162, 2.1.4.2."""
    if old in (0, size):
        return not proof and (old == 0 or old_root == new_root)
    proof = ([old_root] if old & old - 1 == 0 else []) + proof
    if not proof:
        return False
    index, last = old - 1, size - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    one = two = proof[0]
    for step in proof[1:]:
        if last == 0:
            return False
        if index & 1 or index == last:
            one, two = node(step, one), node(step, two)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            two = node(two, step)
        index, last = index >> 1, last >> 1
    return one == old_root and two == new_root and last == 0


def agrees(tree):
    decode = lambda key: [base64.b64decode(text) for text in tree[key]]
    leaves = [hashlib.sha256(b"\x00%d/%d" % (tree["seed"], i)).digest() for i in range(tree["size"])]
    (new,), (old) = decode("root"), decode("old_root")[0]
    assert root(leaves) == new and root(leaves[: tree["old"]]) == old, "another root"
    included = climb(tree["index"], tree["size"], leaves[tree["index"]], decode("inclusion")) == new
    return included and grows(tree["old"], old, tree["size"], new, decode("consistency"))


count = 0
for line in sys.stdin:
    tree = json.loads(line)
    if agrees(tree) != tree["good"]:
        print("FAIL", line)
        sys.exit(1)
    count += 1
print("PASS", count)
