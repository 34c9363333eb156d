-- Which listed asset a scanned one is: by serial, UUID, real MAC, FQDN, host name, in this order; never by IP alone.
-- Keys are those of asset_key; a value on more than five assets of one list names nobody.
WITH listed AS (
  SELECT k.id, k.src, k.serial, k.uuid, k.mac, k.fqdn, k.host,
         COUNT(*) OVER (PARTITION BY k.src, k.serial) AS serials, COUNT(*) OVER (PARTITION BY k.src, k.uuid) AS uuids,
         COUNT(*) OVER (PARTITION BY k.src, k.mac) AS macs, COUNT(*) OVER (PARTITION BY k.src, k.fqdn) AS fqdns,
         COUNT(*) OVER (PARTITION BY k.src, k.host) AS hosts
  FROM asset_key k
  WHERE k.is_scan = 0
), pair AS (
  SELECT s.id AS scan_id, l.id AS listed_id, 1 AS place FROM asset_key s JOIN listed l ON l.serial = s.serial
  WHERE s.is_scan = 1 AND l.serials <= 5
  UNION ALL
  SELECT s.id, l.id, 2 FROM asset_key s JOIN listed l ON l.uuid = s.uuid WHERE s.is_scan = 1 AND l.uuids <= 5
  UNION ALL
  SELECT s.id, l.id, 3 FROM asset_key s JOIN listed l ON l.mac = s.mac WHERE s.is_scan = 1 AND l.macs <= 5
  UNION ALL
  SELECT s.id, l.id, 4 FROM asset_key s JOIN listed l ON l.fqdn = s.fqdn WHERE s.is_scan = 1 AND l.fqdns <= 5
  UNION ALL
  SELECT s.id, l.id, 5 FROM asset_key s JOIN listed l ON l.host = s.host WHERE s.is_scan = 1 AND l.hosts <= 5
), judged AS (
  -- A lower key counts only where no higher key is known of both and differs: an address or name that was given again.
  SELECT p.scan_id, p.listed_id, l.src, p.place,
         CASE WHEN p.place > 1 AND s.serial <> l.serial THEN 1 WHEN p.place > 2 AND s.uuid <> l.uuid THEN 1
              WHEN p.place > 3 AND s.mac <> l.mac THEN 1 WHEN p.place > 4 AND s.fqdn <> l.fqdn THEN 1
              ELSE 0 END AS refuted
  FROM pair p
  JOIN asset_key s ON s.id = p.scan_id
  JOIN asset_key l ON l.id = p.listed_id
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
FROM asset_key k
LEFT JOIN ranked r ON r.scan_id = k.id AND r.choice = 1
LEFT JOIN doubt d ON d.scan_id = k.id
WHERE k.is_scan = 1
