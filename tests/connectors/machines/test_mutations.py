"""Whatever a file or a server sends, only errors that are meant come out, and only rows that fit the model."""

import json
import tracemalloc
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deskaudit import connectors
from deskaudit.config import Source
from deskaudit.connectors import Context
from deskaudit.errors import SourceError
from deskaudit.model.batches import Batch, Want
from deskaudit.model.entities import ENTITIES

NOW = 1_790_000_000
WANT = Want(entities=frozenset(ENTITIES), since_at=0)
SEEDS = [
    json.dumps(
        {"content": {"hardware": {"name": "pc1", "uuid": "4c51"}, "bios": {"ssn": "S1"}, "networks": [{"mac": "00:1b:21:00:00:01"}],
                     "softwares": [{"name": "a", "version": "1"}], "drives": [{"letter": "C:", "encrypt_status": "Yes"}]}}
    ),
    "<REQUEST><CONTENT><HARDWARE><NAME>pc1</NAME></HARDWARE><NETWORKS><MACADDR>00:1b:21:00:00:01</MACADDR></NETWORKS></CONTENT></REQUEST>",
    json.dumps([{"hostname": "pc1", "hardware_serial": "AAA111", "uuid": ""}, {"interface": "en0", "mac": "00:1b:21:00:00:09"}]),
    'web1 | SUCCESS => {\n"ansible_facts": {"ansible_hostname": "web1", "ansible_default_ipv4": {"address": "10.0.0.1"}}\n}\n',
    json.dumps({"class": "system", "id": "srv", "children": [{"class": "network", "serial": "00:1b:21:00:00:77"}]}),
    "bash\t5.2\nii  nano 7.2 amd64 x\nkernel-core-5.14.0-427.el9.x86_64\n",
    "Asset Tag,Serial,Status\nT1,S1,In use\n",
]  # fmt: skip
JUNK = [
    b"",
    b"{",
    b"}",
    b"[",
    b"null",
    b"1e999",
    b"\xff\xfe",
    b"\x00",
    b"<",
    b"&",
    b'"',
    b"| SUCCESS => {",
    b"\t",
    b"\n",
    b"-1",
    b"[]",
    b"{}",
    b"true",
]


@st.composite
def mutations(draw):
    """Bytes of one of the seeds: cut, flipped, spliced."""
    data = bytearray(draw(st.sampled_from(SEEDS)).encode())
    for _n in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(data)))
        how = draw(st.sampled_from(["cut", "flip", "splice", "drop"]))
        if how == "cut":
            del data[at:]
        elif how == "flip" and at < len(data):
            data[at] ^= 1 << draw(st.integers(0, 7))
        elif how == "splice":
            data[at:at] = draw(st.sampled_from(JUNK))
        else:
            del data[at : at + draw(st.integers(1, 20))]
    return bytes(data)


def pull(folder: Path, table: dict) -> list[Batch]:
    context = Context("stock", folder, now=lambda: NOW, hash_key=b"key", zone="UTC")
    connector = connectors.build(Source("stock", table, folder / "config.toml"), context)
    connector.probe()
    return list(connector.pull(None, WANT))


def check(batches: list[Batch]) -> None:
    for batch in batches:
        for row in batch.rows:
            assert msgspec.convert(msgspec.to_builtins(row), type(row)) == row


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mutations(), st.sampled_from(["x.json", "host.dpkg.txt", "a.b.json"]))
def test_inventory_files(tmp_path, data, name):
    for old in tmp_path.iterdir():
        old.unlink()
    (tmp_path / name).write_bytes(data)
    try:
        check(pull(tmp_path, {"type": "inventory", "files": [name]}))
    except SourceError as fault:
        assert fault.message


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mutations())
def test_asset_lists(tmp_path, data):
    (tmp_path / "list.csv").write_bytes(data)
    try:
        check(pull(tmp_path, {"type": "assets", "path": "list.csv", "preset": "snipeit"}))
    except SourceError as fault:
        assert fault.message


SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["id", "name", "serial", "uuid", "mac", "custom_fields", "value", "status_label", "assigned_to", "content", "networks", "softwares",
         "ansible_facts", "ansible_interfaces", "class", "children", "hostname", "interface", "datetime", "updated_at", "states_id"]
    ), inner, max_size=5),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SHAPES)
def test_documents_of_any_shape(tmp_path, shape):
    (tmp_path / "x.json").write_text(json.dumps(shape))
    try:
        check(pull(tmp_path, {"type": "inventory", "files": ["x.json"]}))
    except SourceError as fault:
        assert fault.message


@pytest.mark.parametrize("kind", ["snipeit", "glpi"])
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(SHAPES, max_size=4), raw=st.booleans())
def test_answers_of_any_shape(serve, build, passing, kind, rows, raw):
    def answer(request):
        if request.path.endswith("Session"):
            return 200, {}, {"session_token": "session-1"}
        body = rows if kind == "glpi" or raw else {"total": len(rows), "rows": rows}
        return 200, {}, body

    server = serve(answer)
    secret = '{ env = "DESK_KEY" }'
    key = "token" if kind == "snipeit" else "user_token"
    source = build(kind, f'url = "{server.url}"\n{key} = {secret}', timing=passing.timing())
    try:
        check(list(source.pull(None, WANT)))
    except SourceError as fault:
        assert fault.message
    server.shutdown()


def test_memory_is_bounded_by_one_host_and_not_by_the_file(tmp_path):
    """16 MB of what Ansible printed, 40 hosts: no more than a few of them are held at once."""
    packages = {f"package-{n}": [{"version": f"{n}.0"}] for n in range(100)}
    with (tmp_path / "facts.txt").open("w") as out:
        for host in range(40):
            facts = json.dumps(
                {"ansible_facts": {"ansible_hostname": f"h{host}", "packages": packages, "filler": "x" * 400_000}}
            )
            out.write(f"h{host} | SUCCESS => {facts}\n")
    assert (tmp_path / "facts.txt").stat().st_size > 15_000_000
    context = Context("stock", tmp_path, now=lambda: NOW, hash_key=b"key", zone="UTC")
    source = connectors.build(
        Source("stock", {"type": "inventory", "files": ["facts.txt"]}, tmp_path / "c.toml"), context
    )
    tracemalloc.start()
    rows = sum(len(batch.rows) for batch in source.pull(None, WANT))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert rows == 40 * 101
    assert peak < 8_000_000
