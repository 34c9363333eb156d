"""Opens the app on the made-up desk, for tests in a real terminal: `python open_desk.py FOLDER [--remote] [--ascii]`."""

import sys
import threading
from pathlib import Path

from deskaudit import tui

words = sys.argv[1:]
remote = tui.is_remote() if "--local" not in words else False
tui.set_profile(remote=remote or "--remote" in words)

sys.path.insert(0, str(Path(__file__).parent))
import conftest  # noqa: E402 - it imports textual, which reads the profile

from deskaudit.tui.app import main  # noqa: E402

folder = Path(words[0])
if "--stock" in words:  # what Textual's own driver writes
    from deskaudit.tui.driver import LeanDriver, LinuxDriver

    LeanDriver.write = LinuxDriver.write

desk = conftest.make_desk(folder, filled=not (folder / "data" / "deskaudit.db").exists())
if "--hold" in words:  # a run stands still until it is cancelled
    desk.hold = threading.Event()
sys.exit(main(conftest.MadeUpSession(desk), remote=remote or "--remote" in words, ascii_only="--ascii" in words))
