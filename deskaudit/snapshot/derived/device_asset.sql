-- Which device each asset row is of: see deskaudit/snapshot/devices.py.
SELECT m.device_id, m.asset_id, m.matched_by
FROM device_member m
