"""pymerkle, a Merkle tree in Python: how long a proof takes in a tree of N entries. Prints JSON."""

import json
import random
import sys
import time
from importlib.metadata import version

from pymerkle import InmemoryTree

entries, proofs = int(sys.argv[1]), int(sys.argv[2])
tree = InmemoryTree(algorithm="sha256")
for number in range(entries):
    tree.append_entry(str(number).encode())
chosen = [random.randrange(1, entries + 1) for _ in range(proofs)]
for place in chosen:
    tree.prove_inclusion(place, entries)
began = time.process_time()
for place in chosen:
    tree.prove_inclusion(place, entries)
print(json.dumps({"us": (time.process_time() - began) / proofs * 1e6, "version": version("pymerkle")}))
