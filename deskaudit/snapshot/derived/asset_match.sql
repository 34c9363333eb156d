-- Which listed asset a scanned one is: by serial, UUID, real MAC, FQDN, host name, in this order; never by IP alone.
-- Placeholders of makers, addresses that software makes up, and values on more than five listed assets name nobody.
WITH plain AS (
  SELECT a.id, a.src, CASE WHEN a.origin = 'scan' THEN 1 ELSE 0 END AS is_scan,
         regexp_replace(upper(trim(a.serial)), '\s+', ' ', 'g') AS serial,
         regexp_replace(lower(a.uuid), '[^0-9a-f]', '', 'g') AS uuid,
         regexp_replace(upper(a.mac), '[^0-9A-F]', '', 'g') AS mac,
         rtrim(lower(trim(a.fqdn)), '.') AS fqdn,
         split_part(lower(trim(COALESCE(a.name, a.fqdn))), '.', 1) AS host,
         regexp_matches(COALESCE(a.name, a.fqdn), '^[0-9.]+$|:') AS is_address
  FROM asset a
), keyed AS (
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
              OR substr(p.mac, 2, 1) NOT IN ('0', '4', '8', 'C') THEN NULL ELSE p.mac END AS mac,
         CASE WHEN strpos(p.fqdn, '.') = 0 OR regexp_matches(p.fqdn, '^[0-9.]+$|:') OR p.fqdn LIKE 'localhost.%'
              THEN NULL ELSE p.fqdn END AS fqdn,
         CASE WHEN p.is_address OR p.host IN ('', 'localhost', 'unknown', 'none', 'n/a', '-', '?')
              THEN NULL ELSE p.host END AS host
  FROM plain p
), listed AS (
  SELECT k.id, k.src, k.serial, k.uuid, k.mac, k.fqdn, k.host,
         COUNT(*) OVER (PARTITION BY k.serial) AS serials, COUNT(*) OVER (PARTITION BY k.uuid) AS uuids,
         COUNT(*) OVER (PARTITION BY k.mac) AS macs, COUNT(*) OVER (PARTITION BY k.fqdn) AS fqdns,
         COUNT(*) OVER (PARTITION BY k.host) AS hosts
  FROM keyed k
  WHERE k.is_scan = 0
), pair AS (
  SELECT s.id AS scan_id, l.id AS listed_id, 1 AS place FROM keyed s JOIN listed l ON l.serial = s.serial
  WHERE s.is_scan = 1 AND l.serials <= 5
  UNION ALL
  SELECT s.id, l.id, 2 FROM keyed s JOIN listed l ON l.uuid = s.uuid WHERE s.is_scan = 1 AND l.uuids <= 5
  UNION ALL
  SELECT s.id, l.id, 3 FROM keyed s JOIN listed l ON l.mac = s.mac WHERE s.is_scan = 1 AND l.macs <= 5
  UNION ALL
  SELECT s.id, l.id, 4 FROM keyed s JOIN listed l ON l.fqdn = s.fqdn WHERE s.is_scan = 1 AND l.fqdns <= 5
  UNION ALL
  SELECT s.id, l.id, 5 FROM keyed s JOIN listed l ON l.host = s.host WHERE s.is_scan = 1 AND l.hosts <= 5
), judged AS (
  -- A lower key counts only where no higher key is known of both and differs: an address or name that was given again.
  SELECT p.scan_id, p.listed_id, l.src, p.place,
         CASE WHEN p.place > 1 AND s.serial <> l.serial THEN 1 WHEN p.place > 2 AND s.uuid <> l.uuid THEN 1
              WHEN p.place > 3 AND s.mac <> l.mac THEN 1 WHEN p.place > 4 AND s.fqdn <> l.fqdn THEN 1
              ELSE 0 END AS refuted
  FROM pair p
  JOIN keyed s ON s.id = p.scan_id
  JOIN keyed l ON l.id = p.listed_id
), ranked AS (
  SELECT j.scan_id, j.listed_id, j.place,
         ROW_NUMBER() OVER (PARTITION BY j.scan_id ORDER BY j.place, j.listed_id) AS choice
  FROM judged j
  WHERE j.refuted = 0
), doubt AS (
  -- Two lists may both have the machine; one list must not have it twice.
  SELECT c.scan_id, MAX(CASE WHEN c.refuted > 0 OR c.machines > 1 THEN 1 ELSE 0 END) AS conflict
  FROM (
    SELECT j.scan_id, j.src, SUM(j.refuted) AS refuted, COUNT(DISTINCT j.listed_id) AS machines
    FROM judged j
    GROUP BY j.scan_id, j.src
  ) c
  GROUP BY c.scan_id
)
SELECT k.id AS scan_id, r.listed_id,
       CASE r.place WHEN 1 THEN 'serial' WHEN 2 THEN 'uuid' WHEN 3 THEN 'mac' WHEN 4 THEN 'fqdn' WHEN 5 THEN 'hostname' END
         AS matched_by,
       CAST(COALESCE(d.conflict, 0) AS BIGINT) AS conflict
FROM keyed k
LEFT JOIN ranked r ON r.scan_id = k.id AND r.choice = 1
LEFT JOIN doubt d ON d.scan_id = k.id
WHERE k.is_scan = 1
