-- One row per device, from all that its sources say: the newest row that knows a value tells it. Of the scans, the
-- latest that told the operating system.
WITH told AS (
  SELECT m.device_id, m.clash, CASE WHEN a.origin = 'scan' THEN 1 ELSE 0 END AS is_scan, a.*, c.conflict AS doubt,
         CASE WHEN a.os_family = 'other' THEN NULL ELSE a.os_family END AS family,
         CASE WHEN regexp_matches(a.owner, '^[0-9a-f]{32}$') THEN NULL ELSE lower(trim(a.owner)) END AS person,
         CASE WHEN regexp_matches(a.owner, '^[0-9a-f]{32}$') THEN a.owner END AS person_hash,
         ROW_NUMBER() OVER (PARTITION BY m.device_id
                            ORDER BY CASE WHEN a.origin = 'scan' AND a.os_family IS NULL THEN 1 ELSE 0 END,
                                     CASE WHEN a.origin = 'scan' THEN a.seen_at ELSE COALESCE(a.updated_at, a.seen_at) END
                                     DESC NULLS LAST, a.id) AS place
  FROM device_member m
  JOIN asset a ON a.id = m.asset_id
  LEFT JOIN asset_match c ON c.scan_id = a.id
), one AS (
  SELECT t.device_id AS id,
         MAX(CASE WHEN t.is_scan = 0 THEN t.device_id END) AS listed_id,
         arg_min(t.id, t.place) FILTER (WHERE t.is_scan = 1) AS scan_id,
         COUNT(DISTINCT t.src) AS sources,
         COALESCE(MAX(CASE WHEN t.is_scan = 1 OR t.state IS NULL THEN NULL WHEN t.state = 'active' THEN 1 ELSE 0 END), 1)
           AS active,
         MAX(t.off_network) FILTER (WHERE t.is_scan = 0) AS off_network,
         MAX(t.critical) FILTER (WHERE t.is_scan = 0) AS critical,
         MAX(t.personal_data) FILTER (WHERE t.is_scan = 0) AS personal_data,
         arg_min(t.approved, t.place) FILTER (WHERE t.is_scan = 0 AND t.approved IS NOT NULL) AS approved,
         MIN(t.encrypted) FILTER (WHERE t.is_scan = 0) AS encrypted,
         arg_min(t.owner, t.place) FILTER (WHERE t.is_scan = 0 AND t.owner IS NOT NULL) AS owner,
         arg_min(t.department, t.place) FILTER (WHERE t.is_scan = 0 AND t.department IS NOT NULL) AS department,
         arg_min({'os': t.os, 'os_version': t.os_version, 'family': t.os_family}, t.place)
           FILTER (WHERE t.is_scan = 0 AND t.os IS NOT NULL) AS system,
         arg_min(t.os_family, t.place) FILTER (WHERE t.is_scan = 0 AND t.os_family IS NOT NULL) AS os_family,
         MAX(CASE WHEN t.is_scan = 0 AND COALESCE(t.ip, t.mac, t.addresses) IS NOT NULL THEN 1 ELSE 0 END) AS has_address,
         MAX(t.seen_at) FILTER (WHERE t.is_scan = 0) AS listed_seen_at,
         MAX(t.seen_at) FILTER (WHERE t.is_scan = 1) AS scanned_at,
         MAX(t.updated_at) FILTER (WHERE t.is_scan = 0) AS updated_at,
         CASE WHEN COUNT(DISTINCT t.family) FILTER (WHERE t.is_scan = 0) > 1 THEN ' os' ELSE '' END
         || CASE WHEN COUNT(DISTINCT t.person) > 1 OR COUNT(DISTINCT t.person_hash) > 1 THEN ' owner' ELSE '' END
         || CASE WHEN COUNT(DISTINCT CASE WHEN t.state = 'active' THEN 1 WHEN t.state IS NOT NULL THEN 0 END) > 1
                 THEN ' state' ELSE '' END
         || CASE WHEN MAX(t.doubt) = 1 THEN ' scan' ELSE '' END
         || COALESCE(' ' || MAX(t.clash), '') AS differs
  FROM told t
  GROUP BY t.device_id
)
SELECT o.id, o.listed_id, o.scan_id, o.sources, o.active, o.off_network, o.critical, o.personal_data, o.approved, o.encrypted,
       o.owner, o.department, o.system.os AS os, COALESCE(o.system.family, o.os_family) AS os_family,
       o.system.os_version AS os_version, o.has_address, o.listed_seen_at, o.scanned_at, o.updated_at,
       CAST(CASE WHEN o.differs = '' THEN 0 ELSE 1 END AS BIGINT) AS conflict, NULLIF(trim(o.differs), '') AS differs
FROM one o
