"""Reports from inside machines: each format, its traps, and several reports of one machine."""

import os

import pytest

from deskaudit.errors import ConfigError, SourceError
from deskaudit.model.batches import Want

FILES = 'files = ["reports"]'
AGENT = {
    "action": "inventory",
    "deviceid": "pc1-2026-06-12-14-15-02",
    "itemtype": "Computer",
    "content": {
        "hardware": {"name": "PC1", "uuid": "4C4C4544-0042-3010-8051-B7C04F4E3332", "lastloggeduser": "ann",
                     "datelastloggeduser": "Fri Jun 12 14:15"},
        "bios": {"ssn": "PF3ABC12", "msn": "L1HF0AB", "smanufacturer": "LENOVO"},
        "operatingsystem": {"full_name": "Microsoft Windows 11 Pro", "name": "Windows", "version": "23H2",
                            "kernel_version": "10.0.22631", "fqdn": "pc1.example.org"},
        "accesslog": {"logdate": "2026-09-20 08:00:00"},
        "networks": [
            {"description": "lo", "type": "loopback", "mac": "00:00:00:00:00:00", "ipaddress": "127.0.0.1", "virtualdev": True},
            {"description": "vEthernet", "mac": "00:15:5d:01:02:03", "ipaddress": "172.20.0.1", "virtualdev": True},
            {"description": "Intel", "type": "ethernet", "mac": "8c:16:45:aa:bb:cc", "ipaddress": "10.0.0.7", "virtualdev": False},
            {"description": "Intel", "mac": "8c:16:45:aa:bb:cc", "ipaddress6": "fe80::1", "virtualdev": False},
        ],
        "softwares": [{"name": "7-Zip 22.01", "version": "22.01", "publisher": "Igor Pavlov"}, {"name": "", "version": "1"}],
        "antivirus": [{"name": "Defender", "enabled": True, "uptodate": False, "version": "4.18"}],
        "drives": [
            {"letter": "C:", "filesystem": "NTFS", "encrypt_status": "Yes", "encrypt_name": "BitLocker"},
            {"letter": "D:", "filesystem": "NTFS", "encrypt_status": "No"},
            {"volumn": "//nas/home", "filesystem": "cifs", "encrypt_status": "No"},
        ],
        "databases_services": [{"name": "PostgreSQL", "databases": [{"name": "shop", "is_onbackup": False}]}],
    },
}  # fmt: skip


def test_an_agents_report(read):
    found = read("inventory", FILES, {"reports/pc1.json": AGENT})
    pc = found.only
    assert (pc.name, pc.fqdn, pc.serial) == ("PC1".lower(), "pc1.example.org", "PF3ABC12")
    assert (pc.uuid, pc.mac, pc.ip) == ("4c4c4544-0042-3010-8051-b7c04f4e3332", "8C:16:45:AA:BB:CC", "10.0.0.7")
    assert (pc.os, pc.os_family, pc.os_version) == ("Microsoft Windows 11 Pro", "windows", "23H2")
    assert (pc.origin, pc.encrypted) == ("cmdb", False)  # one disk is not
    assert pc.seen_at == 1_789_891_200  # the report's own time, in the desk's zone
    assert found.components("software") == [("7-Zip 22.01", None, "22.01", None)]
    assert found.components("setting") == [
        ("antivirus", "Defender", "4.18", "outdated"),
        ("database backup", "PostgreSQL shop", None, "off"),
        ("encryption", "C:", "BitLocker", "on"),
        ("encryption", "D:", None, "off"),
    ]
    assert found.batches[-1].replaces == {"asset", "component"}


OCS = """<?xml version="1.0" encoding="UTF-8" ?>
<REQUEST>
  <CONTENT>
    <BIOS><SSN>To be filled by O.E.M.</SSN><SMANUFACTURER>Acme</SMANUFACTURER></BIOS>
    <HARDWARE><NAME>srv1</NAME><OSNAME>Debian GNU/Linux 12.5</OSNAME><UUID>03000200-0400-0500-0006-000700080009</UUID></HARDWARE>
    <NETWORKS><DESCRIPTION>lo</DESCRIPTION><MACADDR>00:00:00:00:00:00</MACADDR><IPADDRESS>127.0.0.1</IPADDRESS></NETWORKS>
    <NETWORKS><DESCRIPTION>eth0</DESCRIPTION><MACADDR>00:1b:21:00:00:01</MACADDR><IPADDRESS>10.0.0.9</IPADDRESS></NETWORKS>
    <SOFTWARES><NAME>bash</NAME><VERSION>5.2</VERSION></SOFTWARES>
    <SOFTWARES><NAME>&lt;b&gt;odd&lt;/b&gt;</NAME></SOFTWARES>
  </CONTENT>
  <DEVICEID>srv1-2026</DEVICEID><QUERY>INVENTORY</QUERY>
</REQUEST>"""


def test_an_ocs_report(read):
    found = read("inventory", FILES, {"reports/srv1.ocs": OCS})
    assert (found.only.name, found.only.serial, found.only.uuid) == ("srv1", None, None)
    assert (found.only.mac, found.only.ip, found.only.os_version) == ("00:1B:21:00:00:01", "10.0.0.9", "12.5")
    assert [name for name, *_rest in found.components("software")] == ["<b>odd</b>", "bash"]
    assert "1 serial number is a placeholder" in found.told
    assert "1 UUID is a placeholder" in found.told


def test_entities_in_xml_are_refused_and_the_rest_is_read(read):
    bomb = '<!DOCTYPE a [<!ENTITY x "y">]><REQUEST><CONTENT>&x;</CONTENT></REQUEST>'
    found = read("inventory", FILES, {"reports/bomb.xml": bomb, "reports/srv1.xml": OCS})
    assert found.only.name == "srv1"
    assert "1 of 2 files cannot be read" in found.told
    assert "entities" in found.told
    assert found.incomplete == {"asset", "component"}


def test_a_text_without_end_is_refused(read):
    endless = "<REQUEST><CONTENT><HARDWARE><NAME>" + "x" * 3_000_000
    with pytest.raises(SourceError, match="longer than a megabyte"):
        read("inventory", FILES, {"reports/endless.xml": endless})


SYSTEM = [
    {
        "hostname": "mac1.example.org",
        "computer_name": "Ann",
        "hardware_serial": "C02ABC123",
        "uuid": "",
        "cpu_type": "arm",
    }
]


def test_osquery_answers_in_a_folder_of_the_host(read):
    files = {
        "reports/mac1/system_info.json": SYSTEM,
        "reports/mac1/os_version.json": [{"name": "macOS", "version": "15.2", "platform": "darwin", "build": "24C101", "codename": ""}],
        "reports/mac1/interface_details.json": [
            {"interface": "lo0", "mac": "00:00:00:00:00:00"}, {"interface": "en0", "mac": "8c:16:45:00:00:09"},
        ],
        "reports/mac1/interface_addresses.json": [{"interface": "en0", "address": "10.0.0.12", "mask": "255.255.255.0"}],
        "reports/mac1/disk_encryption.json": [
            {"name": "/dev/disk1s1", "encrypted": "0", "type": ""}, {"name": "/dev/disk1s2", "encrypted": "1", "type": "APFS"},
        ],
        "reports/mac1/apps.json": [{"name": "Slack.app", "bundle_short_version": "4.1", "path": "/Applications/Slack.app"}],
        "reports/mac1/uptime.json": [{"days": "3", "total_seconds": "1"}],
    }  # fmt: skip
    found = read("inventory", FILES, files)
    mac = found.only
    assert (mac.name, mac.fqdn, mac.serial, mac.uuid) == ("mac1", "mac1.example.org", "C02ABC123", None)
    assert (mac.os, mac.os_family, mac.os_version) == ("macOS", "macos", "15.2")
    assert (mac.mac, mac.ip, mac.encrypted) == ("8C:16:45:00:00:09", "10.0.0.12", True)
    assert found.components("software") == [("Slack", None, "4.1", None)]
    assert "rows of no known query: days, total_seconds" in found.rejects[0][1]


def test_osquery_answers_of_many_hosts_in_one_folder(read):
    files = {
        "reports/pc1.example.org.system_info.json": [{"hostname": "pc1", "hardware_serial": "AAA111"}],
        "reports/pc2.example.org.system_info.json": [{"hostname": "pc2", "hardware_serial": "BBB222"}],
        "reports/pc2.example.org.bitlocker_info.json": [
            {"drive_letter": "C:", "protection_status": "1"}, {"drive_letter": "D:", "protection_status": "0"},
        ],
        "reports/pc3.programs.json": [{"name": "Word", "version": "16.0"}],
    }  # fmt: skip
    found = read("inventory", FILES, files)
    assert {(pc.name, pc.serial, pc.encrypted) for pc in found.rows()} == {
        ("pc1", "AAA111", None),
        ("pc2", "BBB222", False),
        ("pc3", None, None),
    }


def test_an_answer_of_nobody_knows_which_host_is_told(read):
    files = {
        "reports/a.json": [{"hostname": "pc1", "hardware_serial": "AAA111"}],
        "reports/b.json": [{"hostname": "pc2", "hardware_serial": "BBB222"}],
        "reports/c.json": [{"name": "Word", "version": "16.0"}],
    }
    found = read("inventory", FILES, files)
    assert {pc.name for pc in found.rows()} == {"pc1", "pc2"}
    assert found.components("software") == []
    assert found.rejects == [("c.json", "several hosts are in its folder, and nothing tells which one it is of")]


def test_powershell_writes_utf16(read):
    found = read("inventory", FILES, {"reports/pc9.json": ('[{"hostname": "pc9"}]').encode("utf-16")})
    assert found.only.name == "pc9"


PRINTED = """[WARNING]: Platform linux on host web1 is using the discovered Python interpreter
web1 | SUCCESS => {
    "ansible_facts": {
        "ansible_hostname": "web1", "ansible_fqdn": "localhost", "ansible_product_serial": "NA",
        "ansible_product_uuid": "NA", "ansible_distribution": "Ubuntu", "ansible_distribution_version": "22.04",
        "ansible_date_time": {"epoch": "1789900000"},
        "ansible_interfaces": ["lo", "docker0", "eth0"],
        "ansible_lo": {"type": "loopback", "macaddress": "00:00:00:00:00:00"},
        "ansible_docker0": {"type": "bridge", "macaddress": "02:42:ac:11:00:01"},
        "ansible_eth0": {"type": "ether", "macaddress": "00:1b:21:00:00:07"},
        "ansible_all_ipv4_addresses": ["172.17.0.1", "10.0.0.21"],
        "ansible_default_ipv4": {"address": "10.0.0.21", "macaddress": "00:1b:21:00:00:07"}
    },
    "changed": false
}
web2.example.org | UNREACHABLE! => {
    "changed": false,
    "msg": "Failed to connect",
    "unreachable": true
}
web3.example.org | SUCCESS => {"ansible_facts": {"packages": {"bash": [{"name": "bash", "version": "5.1", "release": "6.el9"}]}}, "changed": false}
"""


def test_what_ansible_printed(read):
    found = read("inventory", FILES, {"reports/facts.txt": PRINTED})
    web1, web3 = sorted(found.rows(), key=lambda row: row.name)
    assert (web1.name, web1.fqdn, web1.serial, web1.uuid) == ("web1", None, None, None)
    assert (web1.mac, web1.ip, web1.os, web1.os_version) == ("00:1B:21:00:00:07", "10.0.0.21", "Ubuntu", "22.04")
    assert web1.seen_at == 1_789_900_000
    assert (web3.name, web3.fqdn) == ("web3", "web3.example.org")
    assert found.components("software") == [("bash", None, "5.1-6.el9", None)]
    assert found.rejects == [("facts.txt, host web2.example.org", "Ansible says UNREACHABLE")]


def test_ansible_on_windows_and_a_fact_cache(read):
    facts = {
        "ansible_hostname": "WIN1", "ansible_fqdn": "WIN1.example.org", "ansible_os_name": "Microsoft Windows 11 Pro",
        "ansible_distribution_version": "10.0.22631.0", "ansible_product_serial": "VMware-56 4d 12",
        "ansible_interfaces": [{"macaddress": "00:50:56:11:22:33", "interface_name": "Ethernet0"}],
        "ansible_ip_addresses": ["10.0.0.31", "fe80::9"],
    }  # fmt: skip
    win = read("inventory", FILES, {"reports/win1": facts}).only
    assert (win.fqdn, win.serial, win.mac) == ("win1.example.org", "VMware-56 4d 12", "00:50:56:11:22:33")
    assert (win.ip, win.os_family, win.os_version) == ("10.0.0.31", "windows", "10.0.22631.0")


TREE = {
    "id": "srv7", "class": "system", "product": "X", "serial": "Default string",
    "configuration": {"uuid": "31304341-0000-4c10-8051-b7c04f4e3332"},
    "children": [{"id": "core", "class": "bus", "children": [
        {"id": "network", "class": "network", "logicalname": "eth0", "serial": "00:1b:21:00:00:77", "configuration": {"ip": "10.0.0.77"}},
    ]}],
}  # fmt: skip


@pytest.mark.parametrize("written", ["dict", "list", "broken"])
def test_lshw_in_each_of_its_shapes(read, written):
    import json

    text = json.dumps(TREE)
    text = {"dict": text, "list": f"[{text}]", "broken": f"{text},"}[written]
    found = read("inventory", FILES, {"reports/lshw.json": text}).only
    assert (found.name, found.serial, found.mac, found.ip) == ("srv7", None, "00:1B:21:00:00:77", "10.0.0.77")
    assert found.uuid == "31304341-0000-4c10-8051-b7c04f4e3332"


def test_the_card_that_has_an_address_goes_before_one_that_is_down(read):
    down = (
        "<NETWORKS><DESCRIPTION>ifb0</DESCRIPTION><MACADDR>00:1b:21:00:00:99</MACADDR><STATUS>Down</STATUS></NETWORKS>"
    )
    found = read("inventory", FILES, {"reports/srv1.ocs": OCS.replace("<NETWORKS>", f"{down}<NETWORKS>", 1)})
    assert (found.only.mac, found.only.ip) == ("00:1B:21:00:00:01", "10.0.0.9")


def test_lshw_puts_a_bridge_and_a_card_without_a_cable_behind(read):
    def card(serial, ip, kind):
        return {
            "class": "network", "serial": serial, "capabilities": {kind: True}, "configuration": {"ip": ip} if ip else {},
        }  # fmt: skip

    tree = {
        "id": "srv8", "class": "system", "configuration": {}, "children": [
            card("02:42:ac:11:00:01", "172.17.0.1", "logical"), card("00:1b:21:00:00:81", "", "physical"),
            card("00:1b:21:00:00:82", "10.0.0.82", "physical"),
        ],
    }  # fmt: skip
    found = read("inventory", FILES, {"reports/lshw.json": tree})
    assert (found.only.mac, found.only.ip) == ("00:1B:21:00:00:82", "10.0.0.82")


LISTS = {
    "reports/web1.dpkg.txt": "adduser\t3.134\tall\tii \nlibc6:i386\t2.36-9\ti386\tii \nold\t1.0\tall\trc \ngone\t\n",
    "reports/web2-packages.tsv": "Desired=Unknown/Install\n||/ Name  Version\n+++-====\nii  bash  5.2.15-2+b2  amd64  shell\nrc  nano  7.2-1  amd64  editor\n",
    "reports/web3.rpm.txt": "bash-5.1.8-6.el9.x86_64\ngpg-pubkey-fd431d51-4ae0493b\nkernel-core-5.14.0-427.el9.x86_64\n",
}


def test_package_lists(read):
    found = read("inventory", FILES, LISTS)
    names = {row.id: row.name for row in found.rows()}
    software = {(names[row.asset_id], row.name, row.version) for row in found.rows("component")}
    assert software == {
        ("web1", "adduser", "3.134"),
        ("web1", "libc6", "2.36-9"),
        ("web2", "bash", "5.2.15-2+b2"),
        ("web3", "bash", "5.1.8-6.el9"),
        ("web3", "kernel-core", "5.14.0-427.el9"),
    }


def test_a_package_list_without_a_host(read):
    files = {"reports/dpkg.txt": "bash\t5.2\n"}
    found = read("inventory", FILES, files)
    assert found.rejects == [("dpkg.txt", "it names no machine: call it HOST.dpkg.txt, or set host")]
    assert found.incomplete == {"asset", "component"}
    assert read("inventory", f'{FILES}\nhost = "web9"', files).only.name == "web9"


def test_bad_lines_are_told_and_a_file_of_them_is_refused(read):
    lines = "".join(f"p{n}\t1.{n}\n" for n in range(50))
    found = read("inventory", FILES, {"reports/web1.txt": lines + "what is this\n"})
    assert found.rejects == [("web1.txt line 51", "it names no package")]
    with pytest.raises(SourceError, match="no list of packages"):
        read("inventory", 'files = ["prose.txt"]', {"prose.txt": "It was a dark night.\n" * 40})


def test_reports_of_one_machine_are_one_asset(read):
    """The agent knows the serial number, the list of packages only the name; osquery has both."""
    files = {
        "reports/pc1.json": AGENT,
        "reports/pc1.example.org.dpkg.txt": "bash\t5.2\n",
        "reports/x.system_info.json": [{"hostname": "other-name", "hardware_serial": "pf3abc12"}],
    }
    found = read("inventory", FILES, files)
    assert found.only.serial == "PF3ABC12"
    assert ("7-Zip 22.01", None, "22.01", None) in found.components("software")
    assert len(found.components("software")) == 1  # the list of packages is not newer than the agent's own


def test_one_name_with_two_serial_numbers_is_two_machines(read):
    files = {
        "reports/a.system_info.json": [{"hostname": "pc1", "hardware_serial": "AAA111"}],
        "reports/b.system_info.json": [{"hostname": "pc1", "hardware_serial": "BBB222"}],
    }
    assert {pc.serial for pc in read("inventory", FILES, files).rows()} == {"AAA111", "BBB222"}


def test_the_newest_report_counts_and_an_older_one_fills_its_gaps(read, tmp_path):
    new = [{"hostname": "pc1", "hardware_serial": "AAA111"}]
    old = {
        "content": {
            "hardware": {"name": "pc-old"},
            "bios": {"ssn": "AAA111"},
            "operatingsystem": {"full_name": "Debian 11"},
        }
    }
    files = {"reports/n.system_info.json": new, "reports/old.json": old}
    read("inventory", FILES, files)
    os.utime(tmp_path / "reports" / "old.json", (1_700_000_000, 1_700_000_000))
    os.utime(tmp_path / "reports" / "n.system_info.json", (1_780_000_000, 1_780_000_000))
    pc = read("inventory", FILES, {}).only
    assert (pc.name, pc.os, pc.seen_at) == ("pc1", "Debian 11", 1_780_000_000)


def test_two_machines_with_random_addresses_are_two(read):
    card = {"networks": [{"mac": "da:a1:19:00:00:01"}]}
    files = {f"reports/{n}.json": {"content": {"hardware": {"name": f"phone{n}"}, **card}} for n in (1, 2)}
    assert len(read("inventory", FILES, files).rows()) == 2


def test_software_can_be_left_out(read):
    found = read("inventory", f"{FILES}\nsoftware = false", {"reports/pc1.json": AGENT})
    assert found.components("software") == []
    assert found.components("setting")


def test_only_what_is_wanted(read):
    found = read("inventory", FILES, {"reports/pc1.json": AGENT}, entities=("asset",))
    assert found.rows("component") == []
    assert found.batches[-1].replaces == {"asset"}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"reports/a.json": "{"}, "no whole JSON"),
        ({"reports/a.json": b"\x00\x01\x02"}, "no text"),
        ({"reports/a.json": ""}, "empty"),
        ({"reports/a.json": "[" * 2000}, "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_an_error(read, files, said):
    with pytest.raises(SourceError, match=said):
        read("inventory", FILES, files)


def test_no_file_and_too_large_a_file(read, build, tmp_path):
    with pytest.raises(SourceError, match="files: no file matches"):
        read("inventory", 'files = ["nothing/*.json"]', {})
    with pytest.raises(SourceError, match="more than max_mb"):
        read("inventory", f"{FILES}\nmax_mb = 1", {"reports/a.json": "[" + " " * 2_100_000 + "]"})
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceError, match="pipe"):
        list(build("inventory", 'files = ["pipe"]').pull(None, Want(entities=frozenset({"asset"}), since_at=0)))


def test_options_are_checked(build):
    for options in (
        "files = []",
        'files = ["a"]\nmax_mb = 0',
        'files = ["a"]\nzone = "Mars"',
        'files = ["a"]\nfile = "b"',
    ):
        with pytest.raises(ConfigError):
            build("inventory", options)


def test_the_probe_names_each_file(build, tmp_path):
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "web1.dpkg.txt").write_text("bash\t5.2\n")
    (tmp_path / "reports" / "bad.json").write_text("{")
    probe = build("inventory", FILES).probe()
    assert probe.reachable
    assert probe.modules["web1.dpkg.txt"] == "ok"
    assert "no whole JSON" in probe.modules["bad.json"]


def test_hostile_texts_are_cleaned(read):
    report = {
        "content": {"hardware": {"name": "pc\x1b[31m1"}, "softwares": [{"name": "a\u202eb\x07", "version": "1\n2"}]}
    }
    found = read("inventory", FILES, {"reports/x.json": report})
    assert found.only.name == "pc[31m1"
    assert found.components("software") == [("ab", None, "1 2", None)]
