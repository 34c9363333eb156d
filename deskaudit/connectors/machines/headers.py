"""How lists of machines call their columns: people's own, and the exports of the usual programs.

Lansweeper, Snipe-IT, Intune, Configuration Manager (SCCM), Jamf Pro, PDQ Inventory, GLPI and Active Directory tools, as
their columns are called in English.
"""

from deskaudit.connectors.tablefinding import Usual

_MACHINE = ("serial", "uuid", "mac", "ip", "fqdn", "os", "os_version", "encrypted")
USUAL = Usual(
    names={
        "key": ("Asset tag", "Asset ID", "AssetID", "Asset number", "Asset no", "Inventory number", "Inventory no",
                "Inventory tag", "Barcode", "Tag", "Device ID", "Resource ID", "ResourceID", "Jamf Pro ID", "Computer ID"),
        "name": ("Hostname", "Host name", "Computer name", "Device name", "Asset name", "Machine name", "NetBIOS name",
                 "Netbios Name0", "Name0", "System name", "PC name", "Server name", "Computer", "Device", "Machine", "Host",
                 "Name"),
        "fqdn": ("FQDN", "DNS name", "DNS host name", "Fully qualified domain name", "Full computer name"),
        "serial": ("Serial number", "Serial", "Serial No", "Serial No.", "Serialnumber", "Serial #", "S/N", "SN",
                   "Service tag", "BIOS serial number", "System serial number", "SerialNumber0"),
        "uuid": ("UUID", "System UUID", "SMBIOS UUID", "SMBIOS GUID", "BIOS UUID", "Hardware UUID", "UDID"),
        "mac": ("MAC address", "MAC", "MAC addresses", "Mac Address(es)", "Ethernet MAC", "Ethernet MAC address", "LAN MAC",
                "Wi-Fi MAC", "WiFi MAC", "Wi-Fi MAC address", "Primary MAC address", "Physical address",
                "Hardware address", "MACAddress0"),
        "ip": ("IP address", "IP", "IPv4 address", "IPv4", "IP addresses", "Last IP address", "Last reported IP address",
               "Primary IP", "Primary IP address", "IPAddress0"),
        "os": ("Operating system", "OS", "O/S", "OS name", "OSname", "Operating system name",
               "Operating system name and version", "OS caption", "Platform", "Caption0"),
        "os_version": ("OS version", "Operating system version", "O/S version", "OSVersion", "OS build", "OS release",
                       "Operating system build", "Build number", "OS build number", "Build"),
        "owner": ("Owner", "Assigned to", "Assigned user", "Primary user", "Primary user UPN", "Primary user display name",
                  "Primary user email address", "Checked out to", "Used by", "Owned by", "User", "Username", "User name",
                  "Full name", "Last user", "Last logged on user", "Last logon user", "Last logon user name",
                  "Current user", "Responsible", "Employee", "UPN"),
        "department": ("Department", "Dept", "Business unit", "Cost center", "Cost centre", "Location", "Building", "Site", "OU"),
        "state": ("Status", "State", "Asset state", "Asset status", "Status label", "Lifecycle", "Lifecycle state",
                  "Statename"),
        "encrypted": ("Encrypted", "Encryption", "Disk encryption", "Encryption status", "Is encrypted", "BitLocker",
                      "BitLocker status", "FileVault", "FileVault status", "FileVault 2 status", "FileVault 2 enabled",
                      "ProtectionStatus"),
        "approved": ("Approved", "Authorised", "Authorized"),
        "critical": ("Critical", "Business critical", "Is critical"),
        "personal_data": ("Personal data", "Holds personal data", "PII"),
        "seen_at": ("Last seen", "Last check-in", "Last checkin", "Last contact", "Last online", "Last active time",
                    "Last active", "Last activity", "Last sync", "Last sync date", "Last logon", "Last logon time",
                    "Last successful scan", "Successful scan date", "Last scan", "Last scanned", "Last hardware scan",
                    "Last inventory update", "Last inventory date", "Lastseen"),
        "updated_at": ("Last checked", "Checked", "Checked on", "Checked at", "Last reviewed", "Reviewed", "Reviewed on",
                       "Last audit", "Last audit date", "Last audited", "Last verified", "Verified", "Last updated",
                       "Last update", "Last changed", "Lastchanged", "Last modified", "Updated at", "Updated on",
                       "Updated", "Modified"),
    },
    telling=(frozenset({"name", "serial", "key", "mac", "uuid", "fqdn"}), frozenset(_MACHINE)),
    least=3,
)  # fmt: skip
"""Two columns of machines at least, or one beside the name and another column."""
