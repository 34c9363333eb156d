-- The keys of each asset as they are compared: blanks, case and signs do not count.
-- Placeholders of makers, addresses that software makes up, and texts that are no name are NULL: they name nobody.
WITH plain AS (
  SELECT a.id, a.src, CASE WHEN a.origin = 'scan' THEN 1 ELSE 0 END AS is_scan,
         regexp_replace(upper(trim(a.serial)), '\s+', ' ', 'g') AS serial,
         regexp_replace(lower(a.uuid), '[^0-9a-f]', '', 'g') AS uuid,
         regexp_replace(upper(a.mac), '[^0-9A-F]', '', 'g') AS mac,
         rtrim(lower(trim(a.fqdn)), '.') AS fqdn,
         split_part(lower(trim(COALESCE(a.name, a.fqdn))), '.', 1) AS host,
         regexp_matches(COALESCE(a.name, a.fqdn), '^[0-9.]+$|:') AS is_address
  FROM asset a
)
SELECT p.id, p.src, p.is_scan,
       CASE WHEN length(p.serial) < 4 OR p.serial IN ('NONE', 'UNKNOWN', 'DEFAULT', 'DEFAULT STRING', 'INVALID',
              'NOT SPECIFIED', 'NOT APPLICABLE', 'NOT AVAILABLE', 'SYSTEM SERIAL NUMBER', 'CHASSIS SERIAL NUMBER',
              'BASE BOARD SERIAL NUMBER', 'SERIAL NUMBER', 'SERIALNUMBER', 'EMPTY', 'OEM', 'NULL', 'TEST',
              'TO BE FILLED BY O.E.M.', 'TO BE FILLED BY OEM', 'FILLED BY O.E.M.', 'O.E.M.', 'XXXXXXX', '1234', '12345',
              '123456', '1234567', '12345678', '123456789', '0123456789', '1234567890')
            OR translate(p.serial, left(p.serial, 1) || ' -./', '') = '' THEN NULL ELSE p.serial END AS serial,
       CASE WHEN length(p.uuid) <> 32 OR translate(p.uuid, left(p.uuid, 1), '') = ''
            OR p.uuid = '03000200040005000006000700080009' THEN NULL ELSE p.uuid END AS uuid,
       CASE WHEN length(p.mac) <> 12 OR translate(p.mac, left(p.mac, 1), '') = ''
            OR substr(p.mac, 2, 1) NOT IN ('0', '4', '8', 'C')
            OR p.mac IN ('00059A3C7A00', '00090FAA0001', '00090FFE0001') OR p.mac LIKE '00FF%' OR p.mac LIKE '005056C0%'
       THEN NULL ELSE p.mac END AS mac,
       CASE WHEN strpos(p.fqdn, '.') = 0 OR regexp_matches(p.fqdn, '^[0-9.]+$|:') OR p.fqdn LIKE 'localhost.%'
            THEN NULL ELSE p.fqdn END AS fqdn,
       CASE WHEN p.is_address OR p.host IN ('', 'localhost', 'unknown', 'none', 'n/a', '-', '?')
            THEN NULL ELSE p.host END AS host
FROM plain p
