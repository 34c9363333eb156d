-- From when to when each source has rows of what happens in time. A time after the pull is somebody's slip: left out.
SELECT h.entity, h.src,
       MIN(h.began_at) AS oldest_at,
       MAX(CASE WHEN h.began_at <= COALESCE(l.last_at, h.began_at) THEN h.began_at END) AS newest_at,
       MAX(CASE WHEN h.moved_at <= COALESCE(l.last_at, h.moved_at) THEN h.moved_at WHEN h.began_at <= COALESCE(l.last_at, h.began_at) THEN h.began_at END) AS moved_at
FROM (
  SELECT 'ticket' AS entity, src, created_at AS began_at, GREATEST(created_at, changed_at, resolved_at, closed_at) AS moved_at
  FROM ticket
  UNION ALL SELECT 'event', src, happened_at, happened_at FROM event
  UNION ALL SELECT 'interaction', src, started_at, started_at FROM interaction
  UNION ALL SELECT 'rating', src, LEAST(sent_at, rated_at), GREATEST(sent_at, rated_at) FROM rating
  UNION ALL SELECT 'slot', src, started_at, started_at FROM slot
  UNION ALL SELECT 'backup_run', src, started_at, started_at FROM backup_run
  UNION ALL SELECT 'finance_period', src, started_at, ended_at - 1 FROM finance_period
  UNION ALL SELECT 'audience', src, started_at, ended_at - 1 FROM audience
) h
LEFT JOIN (SELECT e.name, e.fetched_at + 86400 AS last_at FROM extract e) l ON l.name = h.src
GROUP BY h.entity, h.src
