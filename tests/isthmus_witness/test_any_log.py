"""However a log behaves, all that the witness ever cosigned is one history that only grew."""

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from werkzeug.test import Client

from counterparts import KEYS, WITNESSED
from growing_log import GrowingLog
from isthmus_protocol.checkpoint import open_note, sign_note
from isthmus_protocol.cosignature import cosignatures
from isthmus_protocol.keys import Holder, SigningKey
from isthmus_witness.http import create_app
from isthmus_witness.record import Record
from isthmus_witness.witness import Witness

ORIGIN = "bridge.test/log"


class AnyLog(RuleBasedStateMachine):
    """A log's owner tries everything; beside it stands what the witness must have come to."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.last: list[bytes] = []
        self.sent: list[bytes] = []
        self.entries = 0

    @initialize()
    def found(self) -> None:
        self.branches = [GrowingLog(ORIGIN, KEYS[Holder.LOG])]
        self.start_again()

    def teardown(self) -> None:
        self.folder.cleanup()

    def branch(self, data: st.DataObject) -> GrowingLog:
        return data.draw(st.sampled_from(self.branches))

    def submit(self, body: bytes) -> int:
        self.sent.append(body)
        return self.witness.post("/add-checkpoint", data=body).status_code

    @rule()
    def start_again(self) -> None:
        """Nothing that matters is in the process."""
        record = Record(Path(self.folder.name))
        self.witness = Client(
            create_app(Witness(ORIGIN, WITNESSED, KEYS[Holder.WITNESS], "witness.test/w1", record))
        )

    @rule(data=st.data(), by=st.integers(1, 9))
    def grow(self, data: st.DataObject, by: int) -> None:
        branch = self.branch(data)
        for _ in range(by):
            self.entries += 1
            branch.grow(self.entries.to_bytes(4, "big"))

    @rule(data=st.data())
    def fork(self, data: st.DataObject) -> None:
        branch = self.branch(data)
        self.branches.append(branch.fork(data.draw(st.integers(0, branch.size))))

    @rule(data=st.data())
    def ask_as_the_protocol_says(self, data: st.DataObject) -> None:
        """Ask from the size that the witness has; it is cosigned where, and only where, history continues."""
        branch = self.branch(data)
        size = data.draw(st.integers(len(self.last), max(len(self.last), branch.size)))
        if size > branch.size:
            return
        continues = branch.leaves[: len(self.last)] == self.last
        status = self.submit(branch.submission(len(self.last), size))
        if continues:
            assert status == 200
            self.last = branch.leaves[:size]
        else:
            assert status == (409 if size == len(self.last) else 422)

    @rule(data=st.data())
    def ask_from_another_size(self, data: st.DataObject) -> None:
        """Ask for any head from any size: what is not the last size is told the last size."""
        branch = self.branch(data)
        old = data.draw(st.integers(0, branch.size))
        size = data.draw(st.integers(old, branch.size))
        if old == len(self.last):
            return
        answer = self.witness.post("/add-checkpoint", data=branch.submission(old, size))
        assert (answer.status_code, answer.text) == (409, f"{len(self.last)}\n")

    @rule(data=st.data(), junk=st.lists(st.binary(min_size=32, max_size=32), max_size=6))
    def ask_with_a_false_proof(self, data: st.DataObject, junk: list[bytes]) -> None:
        branch = self.branch(data)
        if branch.size <= len(self.last) or junk == branch.proof(len(self.last)):
            return
        assert self.submit(branch.submission(len(self.last), proof=junk)) == 422

    @rule(data=st.data())
    def ask_with_anothers_key(self, data: st.DataObject) -> None:
        branch = self.branch(data)
        forged = GrowingLog(ORIGIN, SigningKey.generate(Holder.LOG), branch.leaves)
        assert self.submit(forged.submission(min(len(self.last), branch.size))) == 403

    @rule(data=st.data())
    def ask_once_more(self, data: st.DataObject) -> None:
        """Replay what was sent before: it changes nothing, or gives again what was given last."""
        if not self.sent:
            return
        before = self.witness.get("/readyz").get_json()["cosigned"]
        body = data.draw(st.sampled_from(self.sent))
        status = self.witness.post("/add-checkpoint", data=body).status_code
        after = self.witness.get("/readyz").get_json()["cosigned"]
        assert after >= before
        if status == 200 and after > before:
            grown = [each for each in self.branches if each.size >= after]
            (root,) = {each.checkpoint(after).root for each in grown if each.leaves[:before] == self.last} & {
                open_note(self.witness.get("/checkpoint").text, WITNESSED, Holder.LOG).root
            }
            self.last = next(each.leaves[:after] for each in grown if each.checkpoint(after).root == root)

    @invariant()
    def what_is_kept_is_the_last_head_with_both_signatures_and_nothing_else(self) -> None:
        if not hasattr(self, "witness"):
            return
        names = {file.name for file in Path(self.folder.name).iterdir()}
        assert names <= {"checkpoint", "lock"}
        note = self.witness.get("/checkpoint")
        if note.status_code == 404:
            assert self.last == []
            return
        expected = GrowingLog(ORIGIN, KEYS[Holder.LOG], self.last).checkpoint()
        assert open_note(note.text, WITNESSED, Holder.LOG) == expected
        assert note.text.startswith(sign_note(expected, KEYS[Holder.LOG], ORIGIN))
        assert len(cosignatures(note.text, WITNESSED)) == 1


TestAnyLog = AnyLog.TestCase
TestAnyLog.settings = settings(max_examples=60, stateful_step_count=40)
