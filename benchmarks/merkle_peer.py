"""pymerkle, a Merkle tree in Python: how long a proof takes in a tree of N entries. Prints JSON."""

import json
import random
import statistics
import sys
import time
from importlib.metadata import version

from pymerkle import InmemoryTree

entries, proofs, rounds = map(int, sys.argv[1:])
tree = InmemoryTree(algorithm="sha256")
for number in range(entries):
    tree.append_entry(str(number).encode())
chosen = [random.randrange(1, entries + 1) for _ in range(proofs)]
spent = []
for _ in range(rounds + 1):  # the first warms up
    began = time.process_time()
    for place in chosen:
        tree.prove_inclusion(place, entries)
    spent.append(time.process_time() - began)
median = statistics.median(spent[1:])
print(json.dumps({"us": median / proofs * 1e6, "version": version("pymerkle")}))
