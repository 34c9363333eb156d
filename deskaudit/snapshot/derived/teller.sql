-- What each source tells at all: what it never tells is unknown, not zero.
SELECT e.src, MAX(CASE WHEN e.kind = 'status' THEN 1 ELSE 0 END) AS tells_status,
       MAX(CASE WHEN e.kind = 'assign' THEN 1 ELSE 0 END) AS tells_owner,
       MAX(CASE WHEN e.kind = 'reply' THEN 1 ELSE 0 END) AS tells_replies,
       MAX(CASE WHEN e.kind = 'transfer' THEN 1 ELSE 0 END) AS tells_transfers
FROM event e
GROUP BY e.src
