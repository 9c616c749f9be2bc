"""A worker that is told to stop has stopped soon, with all its processes, whatever its tasks wait for."""

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from isthmus.broker import create_celery
from isthmus_platform.database import new_id

STUBBORN = """
import sys, time
from pathlib import Path
from isthmus.broker import create_celery
from isthmus.working import work

queue, url, begun, pool = sys.argv[1:]
app = create_celery(queue, url)

@app.task(name="stubborn")
def stubborn():
    Path(begun).touch()
    time.sleep(120)

work(app, pool, longest_stop=1)
"""


@pytest.mark.parametrize("pool", ["prefork", "threads"])
def test_a_task_that_does_not_end_holds_up_no_stop(pool: str, redis_url: str, tmp_path: Path) -> None:
    queue, begun = str(new_id()), tmp_path / "begun"
    with subprocess.Popen([sys.executable, "-c", STUBBORN, queue, redis_url, str(begun), pool]) as worker:
        app = create_celery(queue, redis_url)
        app.send_task("stubborn")
        app.close()
        while not begun.exists() and worker.poll() is None:
            time.sleep(0.05)
        family = [psutil.Process(worker.pid), *psutil.Process(worker.pid).children(recursive=True)]
        worker.terminate()
        _, alive = psutil.wait_procs(family, timeout=60)
    assert alive == [], "neither the worker nor what works for it"
