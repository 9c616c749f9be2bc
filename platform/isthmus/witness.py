"""The witness's process put together: apart from the others, so that it loads nothing of theirs."""

from wsgiref.types import WSGIApplication

from isthmus.home import home_of
from isthmus.keys import KeyFolder
from isthmus.settings import Process, Settings, check_production
from isthmus_protocol.keys import Holder
from isthmus_witness.http import create_app
from isthmus_witness.record import Record
from isthmus_witness.witness import Witness


def create_witness(settings: Settings) -> WSGIApplication:
    """Return the witness's process, its record in the home's folder ``witness``."""
    check_production(settings, Process.WITNESS)
    home = home_of(settings.home)
    keys = KeyFolder(home.keys)
    witness = Witness(
        origin=settings.log_origin,
        keyring=keys.rotating_trust(),
        key=keys.rotating_key(Holder.WITNESS),
        name=settings.witness_name,
        record=Record(home.witness),
    )
    home.witness.mkdir(mode=0o700, exist_ok=True)
    return create_app(witness)
